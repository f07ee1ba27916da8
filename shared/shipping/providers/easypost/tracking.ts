/** EasyPost's words for where a parcel is, in ours. The table is also in docs/labels.md. */
import type { ParcelNews, ParcelStatus } from "../../provider.ts";
import type { Tracker } from "./schemas.ts";

const STATUS: ReadonlyMap<string, ParcelStatus> = new Map(Object.entries({
  pre_transit: "purchased",
  in_transit: "in_transit",
  available_for_pickup: "available_for_pickup",
  out_for_delivery: "out_for_delivery",
  delivered: "delivered",
  return_to_sender: "returned",
  failure: "failed",
  error: "failed",
}));

const YEAR_10000 = Date.UTC(10_000, 0);

/** Years that Postgres would not read are no times: a bought label must not be lost for one. */
function isoTime(text: string | null | undefined): string | null {
  const time = Date.parse(text ?? "");
  return time >= 0 && time < YEAR_10000 ? new Date(time).toISOString() : null;
}

/** "unknown", "cancelled" (the label, not the parcel), and words that EasyPost added since, move nothing. */
export function parcelNews(tracker: Tracker): ParcelNews {
  return {
    status: STATUS.get(tracker.status ?? "") ?? null,
    estimated_delivery: isoTime(tracker.est_delivery_date)?.slice(0, 10) ?? null,
    updated_at: isoTime(tracker.updated_at),
  };
}
