/** Stores a webhook in the inbox: the one call of the database that a receiver makes. */
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import { LoggableError } from "../loggable_error.ts";
import { countOf, fieldsOf } from "../values/fields.ts";
import type { NewEvent } from "./new_event.ts";

export interface Receipt {
  /** `null` for a duplicate of an event that was deleted. */
  eventId: number | null;
  duplicate: boolean;
  /** Whether it can be processed now, which a duplicate can too. */
  due: boolean;
}

/** Without Zod, as everything that a receiver loads: see shared/values/fields.ts. */
const ReceiptAnswer = {
  parse(answer: unknown): Receipt {
    const { event_id, duplicate, due } = fieldsOf(answer);
    const eventId = countOf(event_id);
    if (
      (eventId === null && event_id !== null) ||
      typeof duplicate !== "boolean" || typeof due !== "boolean"
    ) {
      throw new LoggableError("receive_webhook_event gave no receipt");
    }
    return { eventId, duplicate, due };
  },
};

/** The database ends a statement, or a wait for a lock, after 8 s. */
const TIMEOUT_MS = 10_000;

/**
 * Stores the event once. An error means that it may not have been stored.
 * @throws {DatabaseError}
 */
export async function receiveEvent(database: DatabaseClient, event: NewEvent): Promise<Receipt> {
  const args = {
    p_source: event.source,
    p_external_id: event.externalId,
    p_event_type: event.eventType,
    p_shop_id: event.shopId,
    p_object_id: event.objectId,
    p_body: event.body,
    p_content_digest: event.contentDigest,
    p_ignored: event.ignored,
  };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return await callFunction(database, "receive_webhook_event", args, ReceiptAnswer, { signal });
}
