/** Maps EasyPost's tracking status to ours. The table is also in docs/labels.md. */
import { isoTimeOfText } from "../../../values/times.ts";
import type { ParcelStatus, TrackingUpdate } from "../provider.ts";
import type { Tracker } from "./schemas.ts";

const STATUS: ReadonlyMap<string, ParcelStatus> = new Map(Object.entries({
  pre_transit: "purchased",
  in_transit: "in_transit",
  available_for_pickup: "available_for_pickup",
  out_for_delivery: "out_for_delivery",
  delivered: "delivered",
  return_to_sender: "returned",
  failure: "failed",
}));

/** "unknown", "cancelled" (the label, not the parcel), "error" (of the tracking) and new values change no status. */
export function toTrackingUpdate(tracker: Tracker): TrackingUpdate {
  const scan = tracker.tracking_details?.findLast(({ status }) => status === tracker.status);
  const scanned_at = isoTimeOfText(scan?.datetime);
  return {
    ...(scanned_at !== null && { scanned_at }),
    status: STATUS.get(tracker.status ?? "") ?? null,
    estimated_delivery: isoTimeOfText(tracker.est_delivery_date)?.slice(0, 10) ?? null,
    updated_at: isoTimeOfText(tracker.updated_at),
  };
}
