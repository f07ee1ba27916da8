/** New labels for units whose labels were voided: each package at TikTok has one number. */
import assert from "node:assert/strict";
import { packagesOf } from "../../local/simulators/tiktok/combined_orders.ts";
import {
  type Answer,
  assertProblem,
  callShipments,
  labelsBought,
  lineItemIdsOf,
  type OrderRow,
  processDueEvents,
  processLaterEvents,
  receiveOrder,
  requestLabel,
} from "../support/labels.ts";
import { unitsOf } from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

/** Buys a label, and notifies TikTok of it. */
async function buyLabel(
  stack: TestStack,
  seller: ConnectedSeller,
  { id }: OrderRow,
  lineItemIds?: (string | undefined)[],
): Promise<Answer["body"]> {
  const label = lineItemIds && { line_item_ids: lineItemIds };
  const { status, body } = await requestLabel(stack, seller, id, label);
  assert.equal(status, 201, body.detail);
  await processDueEvents(stack);
  return body;
}

async function voidLabel(stack: TestStack, seller: ConnectedSeller, id: string): Promise<void> {
  stack.easypost.behaviour.refundStatus = "refunded";
  const { status, body } = await callShipments(stack, seller, `/${id}/void`);
  assert.deepEqual([status, body.state], [200, "voided"]);
}

async function readShipment(stack: TestStack, seller: ConnectedSeller, id: string) {
  return (await callShipments(stack, seller, `/${id}`, { method: "GET" })).body;
}

function numbersOf(stack: TestStack, { tiktokId }: OrderRow): unknown[] {
  return unitsOf(stack, tiktokId).map(({ tracking_number }) => tracking_number);
}

test("units of a package whose label was voided get no label alone: it would change the others' number", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { quantity: 2 });
  const first = await buyLabel(stack, seller, order);
  await voidLabel(stack, seller, first.id);
  const sold = labelsBought(stack).easypost;
  for (const unit of lineItemIdsOf(stack, order.tiktokId)) {
    const part = await requestLabel(stack, seller, order.id, { line_item_ids: [unit] });
    assertProblem(part, 422, "line_items_combined");
  }
  assert.equal(labelsBought(stack).easypost, sold);

  const second = await buyLabel(stack, seller, order);
  const { tiktok_notified_at, tracking_number } = await readShipment(stack, seller, second.id);
  assert.notEqual(tiktok_notified_at, null);
  assert.deepEqual(numbersOf(stack, order), [tracking_number, tracking_number]);
});

test("one label for units of several voided labels, and of none, gives all of them its number", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { quantity: 3 });
  const [one, two] = lineItemIdsOf(stack, order.tiktokId);
  for (const unit of [one, two]) {
    const { id } = await buyLabel(stack, seller, order, [unit]);
    await voidLabel(stack, seller, id);
  }
  const [voided, other, none] = numbersOf(stack, order);
  assert.deepEqual([typeof voided, typeof other, none], ["string", "string", undefined]);

  const { id, tracking_number } = await buyLabel(stack, seller, order);
  // TikTok may take the number for one package only: the label says so, and TikTok gets it again.
  const refused = await readShipment(stack, seller, id);
  assert.equal(refused.tiktok_notified_at, null);
  assert.match(refused.tiktok_error, /^TikTok 21011025, /);
  assert.deepEqual(numbersOf(stack, order), [tracking_number, other, none]);

  stack.tiktok.fulfillment.allowsSharedNumbers = true;
  await processLaterEvents(stack);
  const accepted = await readShipment(stack, seller, id);
  assert.equal(accepted.tiktok_error, null);
  assert.notEqual(accepted.tiktok_notified_at, null);
  assert.deepEqual(numbersOf(stack, order), Array(3).fill(tracking_number));
  assert.equal(stack.tiktok.state.get("orders", order.tiktokId)?.detail.status, "IN_TRANSIT");
  stack.tiktok.fulfillment.allowsSharedNumbers = false;
});

test("TikTok takes a correction once in the US: the next label's number is refused for good, and not sent again", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  const labels = [];
  for (let n = 0; n < 3; n++) {
    const label = await buyLabel(stack, seller, order);
    labels.push(label);
    if (n < 2) await voidLabel(stack, seller, label.id);
  }
  const last = await readShipment(stack, seller, labels[2].id);
  assert.deepEqual([last.state, last.tiktok_notified_at], ["purchased", null]);
  assert.match(last.tiktok_error, /^TikTok 21011051, /);
  assert.deepEqual(numbersOf(stack, order), [labels[1].tracking_number]);
  const calls = stack.tiktok.calls.length;
  await processLaterEvents(stack);
  assert.equal(stack.tiktok.calls.length, calls);
  const [task] = await stack.sql`
    select status from private.webhook_events
    where event_type = 'MARK_SHIPPED' and object_id = ${last.id}`;
  assert.equal(task?.status, "done");
});

test("an own number that TikTok takes for one of two packages is not withdrawn", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { quantity: 2 });
  for (const unit of lineItemIdsOf(stack, order.tiktokId)) {
    const { id } = await buyLabel(stack, seller, order, [unit]);
    await voidLabel(stack, seller, id);
  }
  const number = "1Z999AA10123456784";
  const { status, body } = await callShipments(stack, seller, "/own", {
    key: crypto.randomUUID(),
    body: { order_id: order.id, carrier: "UPS", tracking_number: number },
  });
  assert.deepEqual([status, body.state, body.tiktok_notified_at], [201, "purchased", null]);
  assert.match(body.tiktok_error, /^TikTok 21011025, /);
  assert.equal(numbersOf(stack, order)[0], number);

  stack.tiktok.fulfillment.allowsSharedNumbers = true;
  await processLaterEvents(stack);
  assert.notEqual((await readShipment(stack, seller, body.id)).tiktok_notified_at, null);
  assert.deepEqual(numbersOf(stack, order), [number, number]);
  stack.tiktok.fulfillment.allowsSharedNumbers = false;
});

test("in South-East Asia one label for an order that TikTok has split ships every package", async (stack) => {
  const shopId = "7480000000000000911";
  stack.tiktok.addShop({ id: shopId, region: "ID" });
  const seller = await connectSeller(stack, shopId);
  const order = await receiveOrder(stack, seller, { quantity: 2, shippingType: "SELLER" });
  const { state, fulfillment } = stack.tiktok;
  const placed = state.get("orders", order.tiktokId) ?? assert.fail();
  const [whole = assert.fail()] = packagesOf(state, placed);
  const packages = whole.lineItemIds.map((unit, n) => ({
    ...whole,
    id: `${whole.id.slice(0, -1)}${n}`,
    lineItemIds: [unit],
  }));
  for (const part of packages) state.put("packages", part.id, part);
  const detail = { packages: packages.map(({ id }) => ({ id })) };
  stack.tiktok.changeOrder(order.tiktokId, "AWAITING_SHIPMENT", detail);
  fulfillment.allowsSharedNumbers = true;
  const { id } = await buyLabel(stack, seller, order);
  // EasyPost's simulated carriers are American: one of TikTok's list in Indonesia stands in.
  await stack.sql`
    update public.shipments set carrier = 'DHLExpress', tracking_number = '1234567890'
    where id = ${id}`;
  await processLaterEvents(stack);
  assert.deepEqual(numbersOf(stack, order), ["1234567890", "1234567890"]);
  fulfillment.allowsSharedNumbers = false;
});
