/** Prices of labels: the shown price is the charged one. */
import assert from "node:assert/strict";
import {
  assertProblem,
  callShipments,
  callsTo,
  labelsBought,
  lineItemIdsOf,
  receiveOrder,
  requestLabel,
  requestRates,
} from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller, settledEvents } from "../support/shop.ts";

const SHIPMENTS_MADE = /^POST \/v2\/shipments$/;
const SERVICES_READ = /\/shipping_services\/query$/;
const SHIPPED = /\/packages\/\d+\/ship$/;

interface ShownRate {
  rate_id: string;
  carrier: string;
  service: string;
  price: string | null;
  is_default: boolean;
}

function summarize(rates: ShownRate[]): unknown[] {
  return rates.map(({ carrier, service, price, is_default }) => [
    carrier,
    service,
    price,
    is_default,
  ]);
}

test("EasyPost's rates come cheapest first, and the chosen one is charged exactly", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  const { status, body: { rates } } = await requestRates(stack, seller, order.id);
  assert.equal(status, 200);
  assert.deepEqual(summarize(rates), [
    ["UPSDAP", "UPSDAP/Ground", "7.78", false],
    ["UPSDAP", "UPSDAP/2ndDayAir", "18.59", false],
  ]);
  const { rate_id: _, expires_at, ...slow } = rates[0];
  assert.deepEqual(slow, {
    provider: "easypost",
    carrier: "UPSDAP",
    service: "UPSDAP/Ground",
    service_name: "UPS Ground",
    price: "7.78",
    currency: "USD",
    days_min: 5,
    days_max: 5,
    is_default: false,
  });
  const hour = Date.parse(expires_at) - Date.now();
  assert.ok(hour > 3_500_000 && hour < 3_700_000, String(hour));
  assert.deepEqual(labelsBought(stack), { easypost: 0, tiktok: 0 });

  const { rate_id } = rates[0];
  const chosen = { rate_id, service: undefined, from: undefined };
  const bought = await requestLabel(stack, seller, order.id, chosen);
  assert.equal(bought.status, 201);
  const { shipping_cost, quoted_cost, currency, carrier, service_type } = bought.body;
  assert.deepEqual([shipping_cost, quoted_cost, currency], ["7.78", "7.78", "USD"]);
  assert.deepEqual([carrier, service_type], ["UPSDAP", "Ground"]);
  const [label] = stack.easypost.accounts.labels;
  // The cent is EasyPost's own fee for the label.
  assert.deepEqual([label?.rate, label?.cents], ["UPSDAP Ground 7.78", 779]);
  assert.equal(
    callsTo(stack.easypost.calls, SHIPMENTS_MADE),
    1,
    "rated and bought as one shipment",
  );
  const [stored] = await stack.sql`
    select shipping_cost::text, quoted_cost::text, currency from public.shipments`;
  assert.deepEqual({ ...stored }, { shipping_cost: "7.78", quoted_cost: "7.78", currency: "USD" });
  const again = await callShipments(stack, seller, `/${bought.body.id}`, { method: "GET" });
  assert.deepEqual([again.body.shipping_cost, again.body.quoted_cost], ["7.78", "7.78"]);

  // EasyPost sells a shipment's label once: a new shipment is made, at the price of the rate.
  await settledEvents(stack);
  stack.easypost.behaviour.refundStatus = "refunded";
  const voided = await callShipments(stack, seller, `/${bought.body.id}/void`);
  assert.equal(voided.body.state, "voided");
  const other = await requestLabel(stack, seller, order.id, chosen);
  assert.deepEqual([other.status, other.body.shipping_cost], [201, "7.78"]);
  assert.equal(callsTo(stack.easypost.calls, SHIPMENTS_MADE), 2);
  await settledEvents(stack);
});

test("TikTok's rates mark its default; default, cheapest and a rate are bought at their price", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { shippingType: "TIKTOK", quantity: 4 });
  const [a, b, c, d] = lineItemIdsOf(stack, order.tiktokId) as [string, string, string, string];
  const answer = await requestRates(stack, seller, order.id, { from: undefined });
  assert.equal(answer.status, 200, "TikTok knows where the seller sends from");
  const { rates } = answer.body;
  const [cheapest, middle, dearest] = [
    "7208000000000000001",
    "7208000000000000002",
    "7208000000000000003",
  ];
  assert.deepEqual(summarize(rates), [
    ["USPS", cheapest, "5.12", true],
    ["UPS", middle, "6.03", false],
    ["FedEx", dearest, "15.93", false],
  ]);
  assert.deepEqual([rates[2].days_min, rates[2].days_max, rates[2].currency], [1, 2, "USD"]);
  assert.equal(labelsBought(stack).tiktok, 0);

  const wanted: [Record<string, unknown>, string, string][] = [
    [{ rate_id: rates[2].rate_id, service: undefined }, dearest, "15.93"],
    [{ service: "default" }, cheapest, "5.12"],
    [{ service: "cheapest" }, cheapest, "5.12"],
    [{ service: middle }, middle, "6.03"],
  ];
  const from = stack.tiktok.calls.length;
  for (const [n, [label, service, price]] of wanted.entries()) {
    const line_item_ids = [[a, b, c, d][n]];
    const { status, body } = await requestLabel(stack, seller, order.id, {
      ...label,
      line_item_ids,
    });
    assert.equal(status, 201, body.detail);
    assert.deepEqual([body.shipping_cost, body.quoted_cost, body.currency], [price, price, "USD"]);
    const label_ = stack.tiktok.fulfillment.labels.at(-1);
    assert.deepEqual(
      [label_?.serviceId, label_?.cents, label_?.lineItemIds],
      [service, Math.round(Number(price) * 100), line_item_ids],
    );
  }
  // The price of the rate is known; the others are read from TikTok.
  assert.equal(callsTo(stack.tiktok.calls, SERVICES_READ, from), 3);
  assert.equal(labelsBought(stack).tiktok, 4);
  await settledEvents(stack);
});

test("EasyPost sells a service that it offers, and refuses others", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  for (const service of ["Pigeon", "upsdap/ground"]) {
    const answer = await requestLabel(stack, seller, order.id, { service });
    assertProblem(answer, 422, "service_unavailable", service);
  }
  assert.deepEqual(labelsBought(stack), { easypost: 0, tiktok: 0 });
  const named = await requestLabel(stack, seller, order.id, { service: "UPSDAP/Ground" });
  assert.deepEqual(
    [named.status, named.body.shipping_cost, named.body.service_type],
    [201, "7.78", "Ground"],
  );
  await settledEvents(stack);
});

test("outside the US TikTok has no prices: the existing package is arranged once", async (stack) => {
  const shopId = "7490000000000000001";
  stack.tiktok.addShop({ id: shopId, region: "DE" });
  const seller = await connectSeller(stack, shopId);
  const order = await receiveOrder(stack, seller, { shippingType: "TIKTOK", quantity: 2 });
  const detail = stack.tiktok.state.get("orders", order.tiktokId)?.detail;
  const waiting = detail?.packages as { id: string }[];
  const answer = await requestRates(stack, seller, order.id, { from: undefined });
  assert.equal(answer.status, 200, "TikTok knows where the seller sends from");
  const { rates } = answer.body;
  assert.deepEqual(summarize(rates), [["TikTok Shipping", "tiktok", null, true]]);

  const [unit] = lineItemIdsOf(stack, order.tiktokId);
  const part = await requestLabel(stack, seller, order.id, { line_item_ids: [unit] });
  assertProblem(part, 422, "line_items_combined");
  assert.equal(labelsBought(stack).tiktok, 0);

  const key = crypto.randomUUID();
  const label = { key, rate_id: rates[0].rate_id, service: undefined };
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => requestLabel(stack, seller, order.id, label)),
  );
  const bought = answers.find(({ status }) => status === 201)?.body;
  assert.deepEqual(
    [bought?.shipping_cost, bought?.quoted_cost, bought?.carrier],
    [null, null, "TikTok Shipping"],
  );
  assert.match(bought?.tracking_number, /^75/);
  assert.equal(callsTo(stack.tiktok.calls, SHIPPED), 1);
  assert.deepEqual(
    stack.tiktok.fulfillment.labels.map(({ packageId }) => packageId),
    waiting.map(({ id }) => id),
  );
  assert.equal((await requestLabel(stack, seller, order.id, label)).status, 200);
  await settledEvents(stack);
});
