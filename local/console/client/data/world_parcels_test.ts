import assert from "node:assert/strict";
import { joinParcels, nextState } from "./world_parcels.ts";

const created_at = "2026-11-29T09:00:00Z";
const later = "2026-11-29T10:00:00Z";
const tracker = { tracking_code: "1Z1", carrier: "UPS", status: "in_transit", created_at };
const known = { order_id: "57", shop_id: "74", status: "FULFILLING", created_at };

Deno.test("a parcel that EasyPost and TikTok know is one row, with the order; the newest comes first", () => {
  const parcels = joinParcels([tracker], [
    { ...known, package_id: "11", tracking_number: "1Z1" },
    { ...known, package_id: "12", tracking_number: "94", created_at: later },
  ]);
  assert.deepEqual(
    parcels.map(({ number, carrier, state, orderId }) => [number, carrier, state, orderId]),
    [["94", "TikTok Shipping", "in_transit", "57"], ["1Z1", "UPS", "in_transit", "57"]],
  );
});

Deno.test("a parcel travels to its end in states that its carrier has", () => {
  const [tracked] = joinParcels([{ ...tracker, status: "unknown" }], []);
  const [packed] = joinParcels([], [{
    ...known,
    status: "PROCESSING",
    package_id: "12",
    tracking_number: "94",
  }]);
  assert.ok(tracked && packed);
  const way = (parcel: typeof tracked) => {
    const states = [parcel.state];
    let next: string | undefined;
    while ((next = nextState({ ...parcel, state: states.at(-1) ?? "" }))) states.push(next);
    return states;
  };
  assert.deepEqual(way(tracked), ["purchased", "in_transit", "out_for_delivery", "delivered"]);
  assert.deepEqual(way(packed), ["purchased", "in_transit", "delivered"]);
});
