/** Colours and names of states. A state has one name, whoever reports it. */
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

/** Of our parcels, of EasyPost's trackers, and of TikTok's packages. */
const PARCEL_NAMES: Record<string, string> = {
  purchased: "Awaiting collection",
  unknown: "Awaiting collection",
  pre_transit: "Awaiting collection",
  PROCESSING: "Awaiting collection",
  FULFILLING: "In transit",
  COMPLETED: "Delivered",
  failed: "Delivery failed",
};

/** @param state Of a parcel. */
export function describeParcel(state: string | null | undefined): string {
  return PARCEL_NAMES[state ?? ""] ?? formatCode(state);
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
