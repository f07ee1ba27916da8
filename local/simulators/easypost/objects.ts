/** EasyPost's objects, as its API answers them. Times are ISO 8601. */

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
  carrier_facility: string | null;
  federal_tax_id: string | null;
  state_tax_id: string | null;
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
  predefined_package: string | null;
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
  retail_rate: string;
  retail_currency: "USD";
  list_rate: string;
  list_currency: "USD";
  billing_type: "easypost";
  delivery_days: number;
  delivery_date: string | null;
  delivery_date_guaranteed: boolean;
  est_delivery_days: number;
  shipment_id: string;
  carrier_account_id: string;
}

/** Why a carrier gives no rates. */
export interface RateMessage {
  carrier: string;
  carrier_account_id: string;
  type: "rate_error";
  message: string;
}

export interface Fee {
  object: "Fee";
  type: "LabelFee" | "PostageFee" | "InsuranceFee";
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
  description: string;
  status: TrackerStatus;
  status_detail: string;
  datetime: string;
  source: string;
  carrier_code: string;
  tracking_location: {
    object: "TrackingLocation";
    city: string | null;
    state: string | null;
    country: string | null;
    zip: string | null;
  };
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
  signed_by: string | null;
  weight: number | null;
  est_delivery_date: string | null;
  shipment_id: string | null;
  carrier: string;
  tracking_details: TrackingDetail[];
  fees: Fee[];
  carrier_detail: Record<string, unknown> | null;
  public_url: string;
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
