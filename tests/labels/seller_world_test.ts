/** What TikTok would refuse, or a seller would regret, costs nothing: cases from public reports. */
import assert from "node:assert/strict";
import {
  assertProblem,
  callShipments,
  callsTo,
  FROM,
  labelsBought,
  lineItemIdsOf,
  PARCEL,
  processDueEvents,
  readOrder,
  receiveOrder,
  requestLabel,
  requestRates,
  sideEffects,
} from "../support/labels.ts";
import { orderState, sendTopic } from "../support/orders.ts";
import { readReported } from "../support/reported.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller, settledEvents } from "../support/shop.ts";
import { until } from "../support/until.ts";

test("USPS labels bought outside TikTok are never offered, cheapest or bought in the US", async (stack) => {
  const { right: { by_name } } = await readReported("07-usps-in-the-us");
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { quantity: 2 });
  const [first, second] = lineItemIdsOf(stack, order.tiktokId);
  const { body: { rates } } = await requestRates(stack, seller, order.id);
  const services = rates.map(({ service }: { service: string }) => service);
  assert.deepEqual(services, ["UPSDAP/Ground", "UPSDAP/2ndDayAir"]);

  const before = await sideEffects(stack);
  const named = await requestLabel(stack, seller, order.id, { service: "USPS/GroundAdvantage" });
  assertProblem(named, by_name.status, by_name.code);
  assert.deepEqual(await sideEffects(stack), before, "no call, no money, no row");
  assert.equal(labelsBought(stack).easypost, by_name.bought);

  // The rule changes between the rates and the purchase.
  await stack.sql`
    insert into private.carrier_rules (region, shipping_type, provider, carrier)
    values ('US', 'SELLER', 'easypost', 'UPS')`;
  const { rate_id } = rates[0];
  const chosen = await requestLabel(stack, seller, order.id, { rate_id, service: undefined });
  assertProblem(chosen, 422, "carrier_not_accepted");
  assertProblem(await requestLabel(stack, seller, order.id), 422, "no_carrier_accepted");
  assertProblem(await requestRates(stack, seller, order.id), 422, "no_carrier_accepted");
  assert.deepEqual(labelsBought(stack), { easypost: 0, tiktok: 0 });
  await stack.sql`delete from private.carrier_rules where carrier = 'UPS'`;

  const cheapest = await requestLabel(stack, seller, order.id, { line_item_ids: [first] });
  const byDefault = { line_item_ids: [second], service: "default" };
  const other = await requestLabel(stack, seller, order.id, byDefault);
  assert.deepEqual([cheapest.body.carrier, other.body.carrier], ["UPSDAP", "UPSDAP"]);
  await processDueEvents(stack);
  assert.equal(stack.tiktok.fulfillment.shipped.length, 2, "TikTok accepted both numbers");
});

test("the refund of a cancelled unit leaves the other to be labelled, whatever amount TikTok states then", async (stack) => {
  const seller = await connectSeller(stack);
  const refund = async (tiktokId: string, refund_total: string) => {
    await sendTopic(stack, seller.shopId, 67, {
      ...{ aftersales_request_id: tiktokId, rma_id: "1", refund_status: "REFUND_SUCCESS" },
      line_items: [{ main_order_id: tiktokId, sku_id: "1" }],
      ...{ refund_currency: "USD", refund_total },
    });
    await processDueEvents(stack);
  };
  const payment = { currency: "USD", total_amount: "20.00", shipping_fee: "0" };
  const order = await receiveOrder(stack, seller, { quantity: 2 });
  const [live, cancelled] = lineItemIdsOf(stack, order.tiktokId);
  stack.tiktok.cancelUnits(order.tiktokId, [String(cancelled)]);
  // The amount without the cancelled unit.
  stack.tiktok.changeOrder(order.tiktokId, "AWAITING_SHIPMENT", { payment });
  await refund(order.tiktokId, "20.00");
  assert.equal(
    await orderState(seller, order.tiktokId),
    "awaiting_shipment partially_refunded",
  );
  const label = await requestLabel(stack, seller, order.id);
  assert.deepEqual([label.status, label.body.line_item_ids], [201, [live]]);

  const whole = await receiveOrder(stack, seller, { quantity: 2, detail: { payment } });
  await refund(whole.tiktokId, "20.00");
  assert.equal(await orderState(seller, whole.tiktokId), "awaiting_shipment refunded");
  assertProblem(await requestLabel(stack, seller, whole.id), 422, "order_refunded");
});

test("orders shipped from TikTok's warehouse get no label, no rates and no carrier call", async (stack) => {
  const { input, right: { label } } = await readReported("09-warehouse-order");
  const seller = await connectSeller(stack);
  for (const shippingType of ["SELLER", "TIKTOK"] as const) {
    const order = await receiveOrder(stack, seller, { shippingType, detail: input });
    const before = await sideEffects(stack);
    assertProblem(await requestLabel(stack, seller, order.id), label.status, label.code);
    assertProblem(await requestRates(stack, seller, order.id), label.status, label.code);
    const labels = [{ order_id: order.id, parcel: PARCEL, service: "cheapest", from: FROM }];
    const batch = await callShipments(stack, seller, "/batch", {
      key: crypto.randomUUID(),
      body: { labels },
    });
    const done = await until("the batch is done", async () => {
      const path = `/batch/${batch.body.id}`;
      const { body } = await callShipments(stack, seller, path, { method: "GET" });
      return body.state === "done" ? body : undefined;
    });
    assert.equal(done.items[0].problem.code, label.code);
    assert.deepEqual(await sideEffects(stack), before);
  }
  assert.equal(stack.easypost.calls.length, label.calls_to_carriers);
  assert.equal(callsTo(stack.tiktok.calls, /^\/fulfillment\//), label.calls_to_carriers);
});

test("one unit of an order is cancelled: the label, and what TikTok is sent, leave it out", async (stack) => {
  const { input, right } = await readReported("05-one-unit-cancelled");
  const seller = await connectSeller(stack);
  const [live, cancelled] = input.line_items.map(({ id }: { id: string }) => id);
  const order = await receiveOrder(stack, seller, {
    status: input.status,
    detail: { line_items: input.line_items },
  });
  const before = await sideEffects(stack);
  for (const ids of [[cancelled], [live, cancelled]]) {
    const named = { line_item_ids: ids };
    const status = right.label_for_the_cancelled_unit;
    assertProblem(await requestLabel(stack, seller, order.id, named), status, "unit_cancelled");
    assertProblem(await requestRates(stack, seller, order.id, named), status, "unit_cancelled");
  }
  assert.deepEqual(await sideEffects(stack), before);

  const { status, body } = await requestLabel(stack, seller, order.id);
  assert.deepEqual([status, body.line_item_ids], [201, [live]]);
  assert.equal(body.line_item_ids.length, right.label_units);
  assert.equal((await readOrder(seller, order.id)).status, "awaiting_collection");
  await processDueEvents(stack);
  const [shipped, ...others] = stack.tiktok.fulfillment.shipped;
  assert.deepEqual([shipped?.lineItemIds, others], [[live], []]);
  assert.equal(shipped?.lineItemIds.length, right.tiktok_units);
  assert.equal(stack.tiktok.state.get("orders", order.tiktokId)?.detail.status, "IN_TRANSIT");
});

test("a unit that was cancelled a moment ago gets no label", async (stack) => {
  const seller = await connectSeller(stack);
  for (const shippingType of ["SELLER", "TIKTOK"] as const) {
    const order = await receiveOrder(stack, seller, { shippingType, quantity: 2 });
    const [unit = ""] = lineItemIdsOf(stack, order.tiktokId);
    // Our copy does not know it yet.
    stack.tiktok.cancelUnits(order.tiktokId, [unit]);
    assertProblem(await requestLabel(stack, seller, order.id), 422, "unit_cancelled");
  }
  assert.deepEqual(labelsBought(stack), { easypost: 0, tiktok: 0 });
  await settledEvents(stack);
});

test("what the read before a purchase finds is stored: the next request is for the order as it is", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { quantity: 2 });
  const [unit = "", live] = lineItemIdsOf(stack, order.tiktokId);
  const { detail } = stack.tiktok.state.get("orders", order.tiktokId) ?? assert.fail();
  const recipient_address = {
    ...(detail.recipient_address as Record<string, unknown>),
    ...{ address_line1: "1 New Road", full_address: "1 New Road, Portland" },
  };
  // Our copy knows neither change.
  stack.tiktok.changeOrder(order.tiktokId, "AWAITING_SHIPMENT", { recipient_address });
  assertProblem(await requestLabel(stack, seller, order.id), 422, "order_changed");
  assert.equal(labelsBought(stack).easypost, 0);
  await settledEvents(stack);
  const [stored] = await stack.sql`
    select shipping_address ->> 'line1' as line from public.orders where id = ${order.id}`;
  assert.equal(stored?.line, "1 New Road");

  stack.tiktok.cancelUnits(order.tiktokId, [unit]);
  assertProblem(await requestLabel(stack, seller, order.id), 422, "unit_cancelled");
  await settledEvents(stack);
  const { status, body } = await requestLabel(stack, seller, order.id);
  assert.deepEqual([status, body.line_item_ids], [201, [live]]);
  assert.equal(labelsBought(stack).easypost, 1);
  await settledEvents(stack);
});
