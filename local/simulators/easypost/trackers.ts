/** Trackers: the carrier's reports about a parcel. */
import { newId, timestamp } from "./ids.ts";
import type { Mode, StatusDetail, Tracker, TrackerStatus, TrackingDetail } from "./objects.ts";

/** EasyPost's status_detail and the carrier's message for each status. */
const DETAILS: Record<TrackerStatus, [statusDetail: StatusDetail, message: string]> = {
  unknown: ["unknown", "Unknown"],
  pre_transit: ["status_update", "Shipping Label Created"],
  in_transit: ["arrived_at_facility", "Arrived at Facility"],
  out_for_delivery: ["out_for_delivery", "Out for Delivery"],
  delivered: ["arrived_at_destination", "Delivered"],
  available_for_pickup: ["arrived_at_pickup_location", "Available for Pickup"],
  return_to_sender: ["return", "Returned to Sender"],
  failure: ["unknown", "Delivery Failed"],
  cancelled: ["cancelled", "Shipment Cancelled"],
  error: ["unknown", "Tracking Error"],
};

/** Statuses before the carrier's first scan. */
const UNSCANNED: TrackerStatus[] = ["unknown", "pre_transit", "cancelled", "error"];

export function isScanned(tracker: Tracker | undefined): boolean {
  return tracker !== undefined && !UNSCANNED.includes(tracker.status);
}

export interface NewTracker {
  trackingCode: string;
  carrier: string;
  shipmentId: string | null;
  mode: Mode;
  /** Milliseconds since 1970. */
  now: number;
}

export function makeTracker({ trackingCode, carrier, shipmentId, mode, now }: NewTracker): Tracker {
  return {
    id: newId("trk"),
    object: "Tracker",
    mode,
    tracking_code: trackingCode,
    status: "unknown",
    status_detail: "unknown",
    created_at: timestamp(now),
    updated_at: timestamp(now),
    est_delivery_date: null,
    shipment_id: shipmentId,
    carrier,
    tracking_details: [],
  };
}

export interface TrackerChange {
  /** ISO 8601. */
  estDeliveryDate?: string;
}

export function advanceTracker(
  tracker: Tracker,
  status: TrackerStatus,
  { estDeliveryDate }: TrackerChange,
  now: number,
): Tracker {
  const [statusDetail, message] = DETAILS[status];
  const detail: TrackingDetail = {
    object: "TrackingDetail",
    message,
    status,
    status_detail: statusDetail,
    datetime: timestamp(now),
    source: tracker.carrier,
  };
  return {
    ...tracker,
    status,
    status_detail: statusDetail,
    updated_at: timestamp(now),
    est_delivery_date: estDeliveryDate ?? tracker.est_delivery_date,
    tracking_details: [...tracker.tracking_details, detail],
  };
}
