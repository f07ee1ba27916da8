/** EasyPost's objects in the form of its API. Times are ISO 8601. */

export interface Address {
  id: string;
  object: "Address";
  created_at: string;
  updated_at: string;
  mode: string;
  name: string | null;
  company: string | null;
  street1: string | null;
  street2: string | null;
  city: string | null;
  state: string | null;
  zip: string | null;
  country: string;
  phone: string | null;
  email: string | null;
  residential: boolean | null;
  verifications: Record<string, unknown>;
}

/** Inches and ounces. */
export interface Parcel {
  id: string;
  object: "Parcel";
  created_at: string;
  updated_at: string;
  mode: string;
  length: number | null;
  width: number | null;
  height: number | null;
  weight: number;
}

export interface Rate {
  id: string;
  object: "Rate";
  created_at: string;
  updated_at: string;
  mode: string;
  service: string;
  carrier: string;
  /** Dollars and cents: "5.12". */
  rate: string;
  currency: "USD";
  delivery_days: number;
  est_delivery_days: number;
  shipment_id: string;
  carrier_account_id: string;
}

/** The reason why a carrier offers no rates. */
export interface RateMessage {
  carrier: string;
  carrier_account_id: string;
  type: "rate_error";
  message: string;
}

export interface Fee {
  object: "Fee";
  type: "LabelFee" | "PostageFee";
  /** Dollars, five digits after the point. */
  amount: string;
  charged: boolean;
  refunded: boolean;
}

export const TRACKER_STATUSES = [
  ...["unknown", "pre_transit", "in_transit", "out_for_delivery", "delivered"] as const,
  ...["available_for_pickup", "return_to_sender", "failure", "cancelled", "error"] as const,
] as const;
export type TrackerStatus = typeof TRACKER_STATUSES[number];

export interface TrackingDetail {
  object: "TrackingDetail";
  message: string;
  status: TrackerStatus;
  status_detail: string;
  datetime: string;
  source: string;
}

export interface Tracker {
  id: string;
  object: "Tracker";
  mode: string;
  tracking_code: string;
  status: TrackerStatus;
  status_detail: string;
  created_at: string;
  updated_at: string;
  est_delivery_date: string | null;
  shipment_id: string;
  carrier: string;
  tracking_details: TrackingDetail[];
}

export interface EasyPostEvent {
  id: string;
  object: "Event";
  created_at: string;
  updated_at: string;
  description: string;
  mode: string;
  previous_attributes: Record<string, unknown>;
  status: "pending";
  pending_urls: string[];
  completed_urls: string[];
  result: Record<string, unknown> | Tracker;
}
