/** The pages of World and Seller name the same thing by the same state. */
import assert from "node:assert/strict";
import { mapOrderStatus } from "../../../shared/tiktok/orders/map_order_status.ts";
import { toTrackingUpdate } from "../../../shared/shipping/providers/easypost/tracking.ts";
import { ORDER_STATES, orderStateOf, PARCEL_TONES, parcelStateOf } from "./states.ts";

const TIKTOK = [
  ...["UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION"],
  ...["IN_TRANSIT", "DELIVERED", "COMPLETED", "CANCELLED", "CANCEL"],
];

Deno.test("World names TikTok's states of an order as the product stores them", () => {
  for (const status of TIKTOK) {
    assert.equal(orderStateOf(status), mapOrderStatus(status), status);
    assert.ok(ORDER_STATES.includes(orderStateOf(status)), status);
  }
});

const TRACKER = { id: "trk_1", status: "", updated_at: "2026-11-29T09:00:00Z" };

Deno.test("World names the carriers' states of a parcel as the product stores them", () => {
  const statuses = ["pre_transit", "in_transit", "available_for_pickup", "out_for_delivery"];
  for (const status of [...statuses, "delivered", "return_to_sender", "failure"]) {
    // deno-lint-ignore no-explicit-any -- only the status and the times are read
    assert.equal(parcelStateOf(status), toTrackingUpdate({ ...TRACKER, status } as any).status);
  }
  for (const status of ["PROCESSING", "FULFILLING", "COMPLETED", "CANCELLED", "unknown", "error"]) {
    assert.ok(parcelStateOf(status) in PARCEL_TONES, status);
  }
});
