/** Works EasyPost's events: news of parcels. */
import * as z from "zod";
import type { EasyPostConfig } from "../../config.ts";
import type { DatabaseClient } from "../../database/client.ts";
import { unwrap } from "../../database/result.ts";
import type { Json } from "../../database/types.ts";
import type { EventHandler, EventResult } from "../../events/drain.ts";
import type { ClaimedEvent } from "../../events/inbox.ts";
import { parcelNews } from "./tracking.ts";
import { parseEasyPostEvent } from "./webhook.ts";

const Outcome = z.looseObject({ outcome: z.string() });

export function createEasyPostEventHandler(
  database: DatabaseClient,
  { apiKey }: EasyPostConfig,
): EventHandler {
  const isTest = apiKey.startsWith("EZTK");
  return {
    groupOf: (event) => `event ${event.event_id}`,
    work: async (events) => [await applyTracker(database, isTest, events[0] as ClaimedEvent)],
  };
}

async function applyTracker(
  database: DatabaseClient,
  isTest: boolean,
  event: ClaimedEvent,
): Promise<EventResult> {
  const { mode, tracker, description } = parseEasyPostEvent(new TextEncoder().encode(event.body));
  if (tracker === undefined) return { ignored: `${description} asks for nothing` };
  if (!isTest && mode === "test") return { ignored: "it is a test" };
  const found = await database.rpc("find_easypost_shipment", {
    p_carrier_shipment_id: tracker.shipment_id ?? "",
    p_tracking_number: tracker.tracking_code ?? "",
  });
  // The generated types do not know that SQL results may be null.
  const shipmentId = unwrap("find_easypost_shipment", found) as string | null;
  if (shipmentId === null) return { ignored: "the tracker is of no shipment here" };
  const result = await database.rpc("apply_tracking", {
    p_event_id: event.event_id,
    p_shipment_id: shipmentId,
    p_news: parcelNews(tracker) as unknown as Json,
  });
  return Outcome.parse(unwrap("apply_tracking", result));
}
