/** Colours and names of states. A state has one name, for every vendor that reports it. */
import type { Tone } from "./components/badge.tsx";
import { formatCode } from "./format.ts";

export const ORDER_TONES: Record<string, Tone> = {
  received: "calm",
  on_hold: "calm",
  awaiting_shipment: "warn",
  partially_shipped: "warn",
  awaiting_collection: "info",
  in_transit: "info",
  delivered: "good",
  completed: "good",
  cancelled: "bad",
};

export const ORDER_STATES = Object.keys(ORDER_TONES);

export const PARCEL_TONES: Record<string, Tone> = {
  purchased: "calm",
  in_transit: "info",
  available_for_pickup: "warn",
  out_for_delivery: "info",
  failed: "bad",
  delivered: "good",
  returned: "warn",
  voided: "calm",
};

/** TikTok's states of orders whose names are not ours. */
const TIKTOK_ORDERS: Record<string, string> = {
  unpaid: "received",
  partially_shipping: "partially_shipped",
  cancel: "cancelled",
};

/** The state that a seller reads for an order that TikTok shows as `UNPAID` and so on. */
export function orderStateOf(tiktokStatus: string): string {
  const code = tiktokStatus.toLowerCase();
  return TIKTOK_ORDERS[code] ?? code;
}

/** States of EasyPost's trackers and of TikTok's packages whose names are not ours. */
const CARRIERS_PARCELS: Record<string, string> = {
  unknown: "purchased",
  error: "purchased",
  pre_transit: "purchased",
  return_to_sender: "returned",
  failure: "failed",
  cancelled: "voided",
  PROCESSING: "purchased",
  FULFILLING: "in_transit",
  COMPLETED: "delivered",
  CANCELLED: "failed",
};

/** The state that a seller reads for a parcel. */
export function parcelStateOf(status: string): string {
  return CARRIERS_PARCELS[status] ?? status;
}

const PARCEL_NAMES: Record<string, string> = {
  purchased: "Awaiting collection",
  failed: "Delivery failed",
};

/** @param status Of our parcel, of EasyPost's tracker, or of TikTok's package. */
export function describeParcel(status: string | null | undefined): string {
  const state = parcelStateOf(status ?? "");
  return PARCEL_NAMES[state] ?? formatCode(state);
}

/** States of a return at TikTok, which are not ours. */
const RETURNS: Record<string, string> = {
  RETURN_OR_REFUND_REQUEST_PENDING: "The buyer asks for it",
  REFUND_OR_RETURN_REQUEST_REJECT: "Refused",
  AWAITING_BUYER_SHIP: "The buyer is to send it back",
  BUYER_SHIPPED_ITEM: "On its way back",
  REJECT_RECEIVE_PACKAGE: "Refused after it came back",
  RETURN_OR_REFUND_REQUEST_SUCCESS: "Granted",
  RETURN_OR_REFUND_REQUEST_CANCEL: "Ended without a refund",
  RETURN_OR_REFUND_REQUEST_COMPLETE: "Paid back",
  REPLACEMENT_REQUEST_PENDING: "The buyer asks for a replacement",
  REPLACEMENT_REQUEST_REFUND_SUCCESS: "Paid back instead of replaced",
};

/** @param status Of TikTok's notice. */
export function describeReturn(status: string): string {
  return RETURNS[status] ?? formatCode(status.toLowerCase());
}

export const SHOP_TONES: Record<string, Tone> = {
  active: "good",
  paused: "warn",
  needs_reauth: "bad",
  disconnected: "calm",
  transferred: "calm",
};

export const SHOP_STATES: Record<string, string> = {
  active: "Connected",
  paused: "Paused by TikTok",
  needs_reauth: "Connect again",
  disconnected: "Disconnected",
  transferred: "With another account",
};
