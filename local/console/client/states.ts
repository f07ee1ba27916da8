/** Colours of states. */
import type { Tone } from "./components/badge.tsx";

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
