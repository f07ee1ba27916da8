/** Trackers: how a parcel fares, as its carrier tells. */
import { newId, timestamp } from "./ids.ts";
import type { Tracker, TrackerStatus, TrackingDetail } from "./objects.ts";

/** What a carrier says with each status, and EasyPost's finer word for it. */
const WORDS: Record<TrackerStatus, [statusDetail: string, message: string]> = {
  unknown: ["unknown", "Unknown"],
  pre_transit: ["status_update", "Shipping Label Created"],
  in_transit: ["arrived_at_facility", "Arrived at Facility"],
  out_for_delivery: ["out_for_delivery", "Out for Delivery"],
  delivered: ["arrived_at_destination", "Delivered"],
  available_for_pickup: ["available_for_pickup", "Available for Pickup"],
  return_to_sender: ["return", "Returned to Sender"],
  failure: ["unknown", "Delivery Failed"],
  cancelled: ["cancelled", "Shipment Cancelled"],
  error: ["unknown", "Tracking Error"],
};

/** Statuses in which no carrier has had the parcel in hand. */
const UNSCANNED: TrackerStatus[] = ["unknown", "pre_transit", "cancelled", "error"];

export function isScanned(tracker: Tracker | undefined): boolean {
  return tracker !== undefined && !UNSCANNED.includes(tracker.status);
}

export interface NewTracker {
  trackingCode: string;
  carrier: string;
  shipmentId: string | null;
  mode: string;
  /** Milliseconds since 1970. */
  now: number;
}

/** A carrier knows nothing of a parcel at first. */
export function makeTracker({ trackingCode, carrier, shipmentId, mode, now }: NewTracker): Tracker {
  const id = newId("trk");
  return {
    id,
    object: "Tracker",
    mode,
    tracking_code: trackingCode,
    status: "unknown",
    status_detail: "unknown",
    created_at: timestamp(now),
    updated_at: timestamp(now),
    signed_by: null,
    weight: null,
    est_delivery_date: null,
    shipment_id: shipmentId,
    carrier,
    tracking_details: [],
    fees: [],
    carrier_detail: null,
    public_url: `https://track.easypost.com/${btoa(`v1:${id}`)}`,
  };
}

export interface TrackerChange {
  /** What the carrier tells, oldest first. @default one detail that names the status */
  details?: Partial<TrackingDetail>[];
  /** ISO 8601. */
  estDeliveryDate?: string;
}

export function advancedTracker(
  tracker: Tracker,
  status: TrackerStatus,
  { details = [{}], estDeliveryDate }: TrackerChange,
  now: number,
): Tracker {
  const [statusDetail, message] = WORDS[status];
  const told = details.map((detail): TrackingDetail => ({
    object: "TrackingDetail",
    message,
    description: "",
    status,
    status_detail: statusDetail,
    datetime: timestamp(now),
    source: tracker.carrier,
    carrier_code: "",
    tracking_location: {
      object: "TrackingLocation",
      city: null,
      state: null,
      country: null,
      zip: null,
    },
    ...detail,
  }));
  return {
    ...tracker,
    status,
    status_detail: statusDetail,
    updated_at: timestamp(now),
    est_delivery_date: estDeliveryDate ?? tracker.est_delivery_date,
    tracking_details: [...tracker.tracking_details, ...told],
  };
}
