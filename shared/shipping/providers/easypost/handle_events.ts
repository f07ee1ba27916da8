/** Works EasyPost's events: news of parcels, and of refunds. */
import * as z from "zod";
import type { EasyPostConfig } from "../../../config.ts";
import { unwrap } from "../../../database/result.ts";
import type { Json } from "../../../database/types.ts";
import type { EventHandler, EventResult } from "../../../inbox/process_events.ts";
import type { ClaimedEvent } from "../../../inbox/inbox.ts";
import type { LabelDependencies } from "../../dependencies.ts";
import { checkVoid } from "../../void_label.ts";
import type { Tracker } from "./schemas.ts";
import { parcelNews } from "./tracking.ts";
import { parseEasyPostEvent } from "./parse_webhook.ts";

const Outcome = z.looseObject({ outcome: z.string() });

export function createEasyPostEventHandler(
  dependencies: LabelDependencies,
  { apiKey }: EasyPostConfig,
): EventHandler {
  const isTest = apiKey.startsWith("EZTK");
  return {
    groupOf: (event) => `event ${event.event_id}`,
    async work(events) {
      const [{ event_id, body }] = events as [ClaimedEvent];
      const event = parseEasyPostEvent(new TextEncoder().encode(body));
      const { mode, tracker, refundedShipmentId, description } = event;
      if (!isTest && mode === "test") return [{ ignored: "it is a test" }];
      if (tracker !== undefined) return [await applyTracker(dependencies, tracker, event_id)];
      if (refundedShipmentId !== undefined) {
        return [await applyRefund(dependencies, refundedShipmentId, event_id)];
      }
      return [{ ignored: `${description} asks for nothing` }];
    },
  };
}

/** Our shipment; `null` if it is none of ours. */
async function findShipment(
  { database }: LabelDependencies,
  carrierShipmentId: string | null | undefined,
  trackingNumber: string | null | undefined,
): Promise<string | null> {
  const found = await database.rpc("find_easypost_shipment", {
    p_carrier_shipment_id: carrierShipmentId ?? "",
    p_tracking_number: trackingNumber ?? "",
  });
  // The generated types do not know that SQL results may be null.
  return unwrap("find_easypost_shipment", found) as string | null;
}

async function applyTracker(
  dependencies: LabelDependencies,
  tracker: Tracker,
  eventId: number,
): Promise<EventResult> {
  const id = await findShipment(dependencies, tracker.shipment_id, tracker.tracking_code);
  if (id === null) return { ignored: "the tracker is of no shipment here" };
  const result = await dependencies.database.rpc("apply_tracking", {
    p_event_id: eventId,
    p_shipment_id: id,
    p_news: parcelNews(tracker) as unknown as Json,
  });
  return Outcome.parse(unwrap("apply_tracking", result));
}

/** A hint: how the void stands is read at EasyPost. */
async function applyRefund(
  dependencies: LabelDependencies,
  carrierShipmentId: string,
  eventId: number,
): Promise<EventResult> {
  const id = await findShipment(dependencies, carrierShipmentId, null);
  if (id === null) return { ignored: "the refund is of no shipment here" };
  const state = await checkVoid(dependencies, id, eventId);
  return state === undefined ? { ignored: "no void is undecided" } : { outcome: state };
}
