/** The inbox of webhooks in the database: store, claim, settle. The SQL is in the migrations. */
import * as z from "zod";
import type { DatabaseClient } from "../database/client.ts";
import { unwrap } from "../database/result.ts";

/** Who sent it; `creatorflow` is ourselves. */
export type EventSource = "tiktok" | "stripe" | "easypost" | "creatorflow";

/** A verified webhook, not stored yet. */
export interface NewEvent {
  source: EventSource;
  /** Equal for every delivery of one event. */
  externalId: string;
  eventType: string;
  /** TikTok's shop id, where the event names one. */
  shopId: string | null;
  /** What the event is about, e.g. TikTok's order id. */
  objectId: string | null;
  /** The body as received. */
  body: string;
}

const ClaimedEvent = z.object({
  event_id: z.int(),
  attempt: z.int(),
  source: z.enum(["tiktok", "stripe", "easypost", "creatorflow"]),
  event_type: z.string(),
  shop_id: z.string().nullable(),
  object_id: z.string().nullable(),
  body: z.string(),
  shop: z.object({
    id: z.string(),
    user_id: z.string(),
    shop_id: z.string(),
    shop_cipher: z.string(),
    access_token: z.string(),
    token_version: z.int(),
  }).nullable(),
});

/** An event that this worker holds until its lease ends; `shop` is its connection, if it is live. */
export type ClaimedEvent = z.infer<typeof ClaimedEvent>;

const Receipt = z.object({ event_id: z.int(), duplicate: z.boolean() });

/** TikTok gives up after 3 s and sends again: a slow database must fail sooner than that. */
const RECEIVE_TIMEOUT_MS = 2500;

export class Inbox {
  readonly #database: DatabaseClient;

  constructor(database: DatabaseClient) {
    this.#database = database;
  }

  /** Stores the event once. @throws {DatabaseError} if it may not have been stored. */
  async receive(event: NewEvent): Promise<{ eventId: number; duplicate: boolean }> {
    const result = await this.#database.rpc("receive_webhook_event", {
      p_source: event.source,
      p_external_id: event.externalId,
      p_event_type: event.eventType,
      // The generated types do not know that SQL arguments may be null.
      p_shop_id: event.shopId as string,
      p_object_id: event.objectId as string,
      p_body: event.body,
    }).abortSignal(AbortSignal.timeout(RECEIVE_TIMEOUT_MS));
    const { event_id, duplicate } = Receipt.parse(unwrap("receive_webhook_event", result));
    return { eventId: event_id, duplicate };
  }

  /** Takes due events for `leaseSeconds`; until then no other worker gets them. */
  async claim(limit: number, leaseSeconds: number): Promise<ClaimedEvent[]> {
    const result = await this.#database.rpc("claim_webhook_events", {
      p_limit: limit,
      p_lease_seconds: leaseSeconds,
    });
    return z.array(ClaimedEvent).parse(unwrap("claim_webhook_events", result));
  }

  /** Settles an event that asks for nothing. */
  async ignore(event: ClaimedEvent, reason: string): Promise<void> {
    unwrap(
      "ignore_webhook_event",
      await this.#database.rpc("ignore_webhook_event", {
        p_event_id: event.event_id,
        p_attempt: event.attempt,
        p_reason: reason,
      }),
    );
  }

  /**
   * Puts the event back, to be tried later, or gives it up after its last attempt.
   * Returns its new status; `null` if the claim was lost to another worker.
   */
  async fail(
    event: ClaimedEvent,
    error: string,
    retryAfterSeconds?: number,
  ): Promise<string | null> {
    return unwrap(
      "fail_webhook_event",
      await this.#database.rpc("fail_webhook_event", {
        p_event_id: event.event_id,
        p_attempt: event.attempt,
        p_error: error,
        ...(retryAfterSeconds !== undefined && { p_retry_after_seconds: retryAfterSeconds }),
      }),
    );
  }

  /** Reopens held orders for which the plans now have room. Returns the number of events. */
  async releaseHeld(): Promise<number> {
    return unwrap("release_held_events", await this.#database.rpc("release_held_events"));
  }

  /** Puts in what is to be done about labels and parcels that nobody else sees to. Returns how many. */
  async enqueueLabelTasks(): Promise<number> {
    return unwrap("enqueue_label_tasks", await this.#database.rpc("enqueue_label_tasks"));
  }

  /** Age of the oldest event that is not settled, in seconds; 0 if there is none. */
  async oldestOpenSeconds(): Promise<number> {
    const result = await this.#database.rpc("oldest_open_event_seconds");
    return unwrap("oldest_open_event_seconds", result);
  }
}
