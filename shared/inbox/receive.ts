/** Stores a verified webhook before it is answered, and has it worked afterwards. */
import { runInBackground } from "../http/background.ts";
import { Problem } from "../http/problem.ts";
import { log } from "../log.ts";
import type { Drainer } from "./process_events.ts";
import type { Inbox, NewEvent } from "./inbox.ts";

/** @throws {Problem} 503 if it may not have been stored: senders send again what was not received. */
export async function receiveWebhook(
  { inbox, drainer }: { inbox: Inbox; drainer: Drainer },
  event: NewEvent,
  requestId: string,
): Promise<void> {
  const { eventId, duplicate } = await inbox.receive(event).catch((error) => {
    throw new Problem({
      status: 503,
      code: "not_stored",
      detail: "The webhook could not be stored. Please send it again.",
    }, { cause: error });
  });
  log.info("webhook received", {
    request_id: requestId,
    event_id: eventId,
    event_type: event.eventType,
    shop_id: event.shopId,
    duplicate,
  });
  if (!duplicate) runInBackground(drainer.drain());
}
