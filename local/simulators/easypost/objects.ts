/** EasyPost's objects in the form of its API, checked against the types of its package. Times are ISO 8601. */
import type {
  IAddress,
  IEvent,
  IFee,
  IMessage,
  IParcel,
  IPostageLabel,
  IRate,
  IRefund,
  IShipment,
  ITracker,
  ITrackingDetail,
} from "@easypost/api";
import type { PartOf } from "../part_of.ts";
import type { RefundStatus } from "./behaviour.ts";

export type Mode = IShipment["mode"];

/** The package's types know no `null`, which the API sends where there is no value yet. */
type WithNull<Whole, Names extends keyof Whole> =
  & Omit<Whole, Names>
  & { [Name in Names]: Whole[Name] | null };

/** The package leaves out the dates of an address. */
type OfficialAddress = WithNull<IAddress, "zip"> & Pick<IParcel, "created_at" | "updated_at">;

export type Address = PartOf<OfficialAddress, {
  id: string;
  object: "Address";
  created_at: string;
  updated_at: string;
  mode: Mode;
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
  verifications: Partial<IAddress["verifications"]>;
}>;

/** Inches and ounces. */
export type Parcel = PartOf<IParcel, {
  id: string;
  object: "Parcel";
  created_at: string;
  updated_at: string;
  mode: Mode;
  length: number | null;
  width: number | null;
  height: number | null;
  weight: number;
}>;

export type Rate = PartOf<IRate, {
  id: string;
  object: "Rate";
  created_at: string;
  updated_at: string;
  mode: Mode;
  service: string;
  carrier: string;
  /** Dollars and cents: "5.12". */
  rate: string;
  currency: "USD";
  delivery_days: number;
  est_delivery_days: number;
  shipment_id: string;
  carrier_account_id: string;
}>;

/** The reason why a carrier offers no rates. */
export type RateMessage = PartOf<IMessage, {
  carrier: string;
  carrier_account_id: string;
  type: "rate_error";
  message: string;
}>;

export type Fee = PartOf<IFee, {
  object: "Fee";
  type: "LabelFee" | "PostageFee";
  /** Dollars, five digits after the point. */
  amount: string;
  charged: boolean;
  refunded: boolean;
}>;

export const TRACKER_STATUSES = [
  ...["unknown", "pre_transit", "in_transit", "out_for_delivery", "delivered"] as const,
  ...["available_for_pickup", "return_to_sender", "failure", "cancelled", "error"] as const,
] as const;
export type TrackerStatus = typeof TRACKER_STATUSES[number];

export type StatusDetail = ITracker["status_detail"];

export type TrackingDetail = PartOf<ITrackingDetail, {
  object: "TrackingDetail";
  message: string;
  status: TrackerStatus;
  status_detail: string;
  datetime: string;
  source: string;
}>;

type OfficialTracker = WithNull<ITracker, "est_delivery_date" | "shipment_id">;

export type Tracker = PartOf<OfficialTracker, {
  id: string;
  object: "Tracker";
  mode: Mode;
  tracking_code: string;
  status: TrackerStatus;
  status_detail: StatusDetail;
  created_at: string;
  updated_at: string;
  est_delivery_date: string | null;
  /** `null` for a label that EasyPost did not sell. */
  shipment_id: string | null;
  carrier: string;
  tracking_details: TrackingDetail[];
}>;

export type EasyPostEvent = PartOf<IEvent, {
  id: string;
  object: "Event";
  created_at: string;
  updated_at: string;
  description: string;
  mode: Mode;
  previous_attributes: Record<string, unknown>;
  status: "pending";
  pending_urls: string[];
  completed_urls: string[];
  result: Refund | ShipmentInvoice | Tracker;
}>;

type LabelUrl = "label_url" | "label_pdf_url" | "label_zpl_url" | "label_epl2_url";
type OfficialPostageLabel = WithNull<IPostageLabel, LabelUrl>;

export type PostageLabel = PartOf<OfficialPostageLabel, {
  object: "PostageLabel";
  id: string;
  created_at: string;
  updated_at: string;
  label_size: string;
  label_file_type: string;
  label_url: string | null;
  label_pdf_url: string | null;
  label_zpl_url: string | null;
  label_epl2_url: null;
}>;

type OfficialShipment =
  & Omit<
    WithNull<IShipment, "selected_rate" | "tracking_code">,
    "from_address" | "options" | "postage_label" | "refund_status" | "to_address" | "tracker"
  >
  & {
    from_address: OfficialAddress;
    to_address: OfficialAddress;
    tracker: OfficialTracker | null;
    /** As the caller sent them. */
    options: unknown;
    postage_label: OfficialPostageLabel | null;
    refund_status: RefundStatus | null;
  };

export type Shipment = PartOf<OfficialShipment, {
  id: string;
  object: "Shipment";
  created_at: string;
  updated_at: string;
  mode: Mode;
  reference: string | null;
  to_address: Address;
  from_address: Address;
  parcel: Parcel;
  options: Record<string, unknown>;
  messages: RateMessage[];
  rates: Rate[];
  selected_rate: Rate | null;
  postage_label: PostageLabel | null;
  tracking_code: string | null;
  tracker: Tracker | null;
  status: TrackerStatus;
  refund_status: RefundStatus | null;
  fees: Fee[];
}>;

/** The package leaves out `not_applicable`, which the API's documentation names. */
type OfficialRefund = Omit<WithNull<IRefund, "confirmation_number">, "status"> & {
  status: RefundStatus;
};

export type Refund = PartOf<OfficialRefund, {
  id: string;
  object: "Refund";
  created_at: string;
  updated_at: string;
  tracking_code: string;
  confirmation_number: null;
  status: RefundStatus;
  carrier: string;
  shipment_id: string;
}>;

/** Not in the package: from EasyPost's help centre ("Shipment Invoices"). */
export interface ShipmentInvoice {
  id: string;
  object: "ShipmentInvoice";
  mode: Mode;
  status: "processed";
  shipment_id: string;
  tracking_code: string;
  carrier: string;
  quoted_amount: string;
  quoted_currency: string;
  /** Dollars, five digits after the point, as the amounts below. */
  initially_paid_amount: string;
  adjustment_reason: string;
  /** Below 0 if it is paid back. */
  adjustment_amount: string;
  invoice_type: "adjustment";
  invoice_amount: string;
  invoice_currency: string;
  total_cost: string;
}
