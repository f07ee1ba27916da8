import assert from "node:assert/strict";
import { readReported } from "../../../tests/support/reported.ts";
import { OrderDetail } from "../api/schemas.ts";
import { mapAmounts } from "./map_amounts.ts";
import { mapOrderFacts } from "./map_order_facts.ts";

const factsOf = (fields: Record<string, unknown>) =>
  mapOrderFacts(OrderDetail.parse({ id: "1", status: "AWAITING_SHIPMENT", ...fields }));
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

Deno.test("sample orders are marked, and so are replacements and exchanges with the order they come from", async () => {
  const { input, right } = await readReported("14-sample-and-gift");
  assert.equal(factsOf(input).order_kind, right.order_kind);
  const kind = (fields: Record<string, unknown>) => {
    const { order_kind, related_order_id } = factsOf(fields);
    return [order_kind, related_order_id];
  };
  assert.deepEqual(kind({ is_replacement_order: true, replaced_order_id: "7" }), [
    "replacement",
    "7",
  ]);
  assert.deepEqual(kind({ is_exchange_order: true, exchange_source_order_id: "8" }), [
    "exchange",
    "8",
  ]);
  assert.deepEqual(kind({ is_sample_order: false, replaced_order_id: "" }), ["sale", null]);
});

Deno.test("ship_by is TikTok's latest shipping time, else its latest collection time", () => {
  assert.equal(factsOf({ rts_sla_time: 10, tts_sla_time: 20 }).ship_by, iso(10));
  assert.equal(factsOf({ rts_sla_time: 0, tts_sla_time: 20 }).ship_by, iso(20));
  assert.equal(factsOf({}).ship_by, null);
});

Deno.test("auto_cancel_at is the deadline of the step that comes next", () => {
  const times = {
    cancel_order_sla_time: 5,
    shipping_due_time: 10,
    collection_due_time: 20,
    delivery_due_time: 30,
  };
  const at = (status: string) => factsOf({ ...times, status }).auto_cancel_at;
  for (const status of ["UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"]) {
    assert.equal(at(status), iso(10), status);
  }
  assert.equal(at("AWAITING_COLLECTION"), iso(20));
  assert.equal(at("IN_TRANSIT"), iso(30));
  for (const status of ["DELIVERED", "COMPLETED", "CANCELLED", "NEW_WORD"]) {
    assert.equal(at(status), null, status);
  }
  assert.equal(factsOf({ cancel_order_sla_time: 15 }).auto_cancel_at, iso(15));
});

Deno.test("a cancellation request counts while TikTok says that it is open", () => {
  const requestedAt = (fields: Record<string, unknown>) =>
    factsOf({ request_cancel_time: 10, update_time: 30, ...fields }).cancel_requested_at;
  assert.equal(requestedAt({ is_buyer_request_cancel: true }), iso(10));
  assert.equal(requestedAt({ is_buyer_request_cancel: true, request_cancel_time: 0 }), iso(30));
  assert.equal(requestedAt({ is_buyer_request_cancel: false }), null);
  assert.equal(requestedAt({}), null);
  const order = { id: "1", status: "AWAITING_SHIPMENT", is_buyer_request_cancel: true };
  assert.equal(mapOrderFacts(OrderDetail.parse(order), 40).cancel_respond_by, iso(40));
  assert.equal(mapOrderFacts(OrderDetail.parse(order)).cancel_respond_by, null);
});

Deno.test("the reason of a cancellation counts for a cancelled order only", () => {
  const reason = { cancel_reason: "Ordered by mistake", cancellation_initiator: "BUYER" };
  const of = (status: string) => {
    const { cancel_reason, cancelled_by } = factsOf({ status, ...reason });
    return [cancel_reason, cancelled_by];
  };
  assert.deepEqual(of("CANCELLED"), ["Ordered by mistake", "BUYER"]);
  assert.deepEqual(of("AWAITING_SHIPMENT"), [null, null], "the reason of one of its units");
});

Deno.test("warehouse, fulfilment, combined group and notes are TikTok's", () => {
  const facts = factsOf({
    fulfillment_type: "FULFILLMENT_BY_TIKTOK",
    warehouse_id: "69",
    auto_combine_group_id: "5",
    buyer_message: "Ring twice\0",
    seller_note: "",
  });
  assert.equal(facts.fulfillment_type, "FULFILLMENT_BY_TIKTOK");
  assert.deepEqual([facts.warehouse_id, facts.combine_group_id], ["69", "5"]);
  assert.deepEqual([facts.buyer_note, facts.seller_note], ["Ring twice", null]);
});

Deno.test("orders of a seller who opted out of combining are of no group", () => {
  // TikTok's guide of combined orders: "Displays N/A if the seller has opted out".
  for (const none of ["N/A", "", null]) {
    assert.equal(factsOf({ auto_combine_group_id: none }).combine_group_id, null);
  }
});

Deno.test("amounts has every amount of TikTok's payment, new ones too, and nothing else", () => {
  const { payment } = OrderDetail.parse({
    id: "1",
    status: "UNPAID",
    payment: {
      currency: "BRL",
      seller_discount: "2.50",
      new_fee: "-0.3",
      tax: "",
      note: "x",
      n: 2,
    },
  });
  assert.deepEqual(mapAmounts(payment), { seller_discount: "2.50", new_fee: "-0.3", n: "2" });
  assert.deepEqual(mapAmounts(undefined), {});
});
