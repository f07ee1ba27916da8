/** Voids: decided by the carrier at once or later, and refused for a parcel on its way. */
import assert from "node:assert/strict";
import {
  agePurchases,
  type Answer,
  assertProblem,
  callShipments,
  callsTo,
  labelsBought,
  lineItemIdsOf,
  readOrder,
  receiveOrder,
  requestLabel,
} from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import {
  type ConnectedSeller,
  connectSeller,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const REFUNDS = /^POST .*\/refund$/;

/** Buys a label and notifies TikTok of it. */
async function buySettledLabel(
  stack: TestStack,
  seller: ConnectedSeller,
  order: Parameters<typeof receiveOrder>[2] = {},
) {
  const { id: orderId, tiktokId } = await receiveOrder(stack, seller, order);
  const { status, body } = await requestLabel(stack, seller, orderId);
  assert.equal(status, 201, body.detail);
  await settledEvents(stack);
  return { orderId, tiktokId, id: body.id as string, label: body };
}

function requestVoid(stack: TestStack, seller: ConnectedSeller, id: string): Promise<Answer> {
  return callShipments(stack, seller, `/${id}/void`);
}

async function readStates(
  stack: TestStack,
  seller: ConnectedSeller,
  id: string,
): Promise<string[]> {
  const { body } = await callShipments(stack, seller, `/${id}`, { method: "GET" });
  return [body.state, body.status, body.reason];
}

/** Runs the worker's check of pending voids, which comes every six hours. */
async function checkVoidsLater(stack: TestStack): Promise<void> {
  await stack.sql`delete from private.webhook_events where event_type = 'CHECK_VOID'`;
  await agePurchases(stack);
  await runEventWorker(stack);
  await settledEvents(stack);
}

/** Asserts that the label is valid, and its units cannot get another one. */
async function assertLive(
  stack: TestStack,
  seller: ConnectedSeller,
  { id, orderId, label }: Awaited<ReturnType<typeof buySettledLabel>>,
): Promise<void> {
  assert.equal((await readStates(stack, seller, id))[1], "purchased");
  const link = await callShipments(stack, seller, `/${id}/label`, { method: "GET" });
  assert.deepEqual([link.status, link.body.tracking_number], [200, label.tracking_number]);
  const other = await requestLabel(stack, seller, orderId);
  assert.equal(other.status, 422);
  assert.match(other.body.code, /^(line_items_labelled|already_shipped)$/);
  const { status, events } = await readOrder(seller, orderId);
  assert.deepEqual([status, events.includes("LABEL_VOIDED")], ["awaiting_collection", false]);
}

test("a void is requested once, settled by the carrier's decision, and frees the units", async (stack) => {
  const seller = await connectSeller(stack);
  const first = await buySettledLabel(stack, seller, { quantity: 2 });
  const { id, orderId } = first;
  const { accounts } = stack.easypost;

  const answers = await Promise.all([1, 2, 3].map(() => requestVoid(stack, seller, id)));
  for (const { status, body } of answers) {
    assert.deepEqual([status, body.id, body.state], [200, id, "void_requested"]);
  }
  assert.equal((await requestVoid(stack, seller, id)).status, 200);
  assert.equal(callsTo(stack.easypost.calls, REFUNDS), 1);
  await assertLive(stack, seller, first);
  await checkVoidsLater(stack);
  assert.deepEqual(await readStates(stack, seller, id), ["void_requested", "purchased", null]);

  assert.equal((await stack.easypost.settleRefund(id, "refunded"))?.answer, 200);
  await settledEvents(stack);
  await checkVoidsLater(stack);
  assert.deepEqual(await readStates(stack, seller, id), ["voided", "voided", null]);
  assert.equal(callsTo(stack.easypost.calls, REFUNDS), 1);
  assert.deepEqual(await readOrder(seller, orderId), {
    status: "awaiting_collection",
    events: ["LABEL_PURCHASED", "LABEL_VOIDED"],
  });
  const { data } = await seller.client.from("order_events").select("changes")
    .eq("event_type", "LABEL_VOIDED").single();
  assert.deepEqual(data?.changes, {
    shipment_id: id,
  });
  const repeated = await requestVoid(stack, seller, id);
  assert.deepEqual([repeated.status, repeated.body.state], [200, "voided"]);
  const link = await callShipments(stack, seller, `/${id}/label`, { method: "GET" });
  assertProblem(link, 422, "label_voided");

  const units = lineItemIdsOf(stack, first.tiktokId);
  const second = await requestLabel(stack, seller, orderId);
  assert.deepEqual([second.status, second.body.line_item_ids], [201, units]);
  assert.equal((await readOrder(seller, orderId)).status, "awaiting_collection");
  assert.deepEqual([accounts.labelsBought, accounts.charged], [2, 779]);
  // TikTok has the tracking number of the new label.
  await settledEvents(stack);
  assert.deepEqual(
    stack.tiktok.fulfillment.shipped.map(({ trackingNumber }) => trackingNumber),
    [first.label.tracking_number, second.body.tracking_number],
  );
});

test("the carrier may void at once, or bill only labels that were scanned", async (stack) => {
  const seller = await connectSeller(stack);
  for (
    const [refundStatus, reason] of [
      ["refunded", null],
      ["not_applicable", "billed_when_scanned"],
    ] as const
  ) {
    const { id, orderId } = await buySettledLabel(stack, seller);
    stack.easypost.behaviour.refundStatus = refundStatus;
    const { status, body } = await requestVoid(stack, seller, id);
    assert.deepEqual(
      [status, body.state, body.status, body.reason],
      [200, "voided", "voided", reason],
    );
    // TikTok was notified of the label: the order keeps its status there.
    assert.equal((await readOrder(seller, orderId)).status, "awaiting_collection");
    assert.equal((await requestVoid(stack, seller, id)).body.state, "voided");
    const again = await requestLabel(stack, seller, orderId);
    assert.equal(again.status, 201);
    assert.notEqual(again.body.id, id);
    assert.equal((await readOrder(seller, orderId)).status, "awaiting_collection");
    await settledEvents(stack);
  }
  assert.equal(labelsBought(stack).easypost, 4);
});

test("a void that the carrier rejects leaves the label valid, and may be requested again", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await buySettledLabel(stack, seller);
  const { behaviour } = stack.easypost;
  behaviour.refundStatus = "rejected";
  assertProblem(await requestVoid(stack, seller, order.id), 422, "void_refused");
  assert.deepEqual(await readStates(stack, seller, order.id), [
    "void_rejected",
    "purchased",
    "void_refused",
  ]);
  await assertLive(stack, seller, order);

  behaviour.refundStatus = "submitted";
  assert.equal((await requestVoid(stack, seller, order.id)).body.state, "void_requested");
  await stack.easypost.settleRefund(order.id, "rejected");
  behaviour.refundStatus = "rejected";
  await checkVoidsLater(stack);
  assert.deepEqual(await readStates(stack, seller, order.id), [
    "void_rejected",
    "purchased",
    "void_refused",
  ]);
  await assertLive(stack, seller, order);

  // The worker repeats the request to a carrier that did not answer.
  stack.easypost.faults.add({ method: "POST", path: /\/refund$/, kind: "internal", count: 1 });
  const pending = await requestVoid(stack, seller, order.id);
  assertProblem(pending, 503, "void_pending");
  assert.deepEqual((await readStates(stack, seller, order.id))[0], "void_requested");
  behaviour.refundStatus = "refunded";
  await checkVoidsLater(stack);
  assert.deepEqual((await readStates(stack, seller, order.id))[0], "voided");
  assert.equal((await readOrder(seller, order.orderId)).status, "awaiting_collection");
  assert.equal(stack.easypost.accounts.charged, 0);
});

test("TikTok's labels are voided in Seller Center first, and here afterwards", async (stack) => {
  const seller = await connectSeller(stack);
  const received = await receiveOrder(stack, seller, { shippingType: "TIKTOK", quantity: 2 });
  const [unit, other] = lineItemIdsOf(stack, received.tiktokId);
  const { body: label } = await requestLabel(stack, seller, received.id, { line_item_ids: [unit] });
  const { body: rest } = await requestLabel(stack, seller, received.id, { line_item_ids: [other] });
  await settledEvents(stack);
  const order = { ...received, orderId: received.id, id: label.id, label };
  for (let n = 0; n < 2; n++) {
    assertProblem(await requestVoid(stack, seller, label.id), 422, "void_in_seller_center");
  }
  assert.deepEqual(await readStates(stack, seller, label.id), [
    "void_rejected",
    "purchased",
    "void_in_seller_center",
  ]);
  await assertLive(stack, seller, order);

  const [row] = await stack.sql`
    select tiktok_package_id from public.shipments where id = ${label.id}`;
  stack.tiktok.changePackage(row?.tiktok_package_id, "CANCELLED");
  const { status, body } = await requestVoid(stack, seller, label.id);
  assert.deepEqual([status, body.state, body.status, body.reason], [200, "voided", "voided", null]);
  assert.deepEqual(await readOrder(seller, received.id), {
    status: "partially_shipped",
    events: ["LABEL_PURCHASED", "LABEL_PURCHASED", "LABEL_VOIDED"],
  });
  assert.equal((await requestVoid(stack, seller, label.id)).body.state, "voided");
  assert.equal((await readStates(stack, seller, rest.id))[0], "purchased");
  const units = await stack.sql`select line_item_id from private.labelled_lines`;
  assert.deepEqual(units.map(({ line_item_id }) => line_item_id), [other]);
});

test("while TikTok has deactivated the shop a void of its label is refused; a pending one ends afterwards", async (stack) => {
  const seller = await connectSeller(stack);
  const [first, second] = [
    await buySettledLabel(stack, seller, { shippingType: "TIKTOK" }),
    await buySettledLabel(stack, seller, { shippingType: "TIKTOK" }),
  ];
  stack.tiktok.setInactive(seller.shopId, "shop");
  // This call finds it out: the request was stored before.
  assertProblem(await requestVoid(stack, seller, first.id), 422, "shop_paused");
  const pending = ["void_requested", "purchased", "shop_paused"];
  assert.deepEqual(await readStates(stack, seller, first.id), pending);
  assertProblem(await requestVoid(stack, seller, first.id), 422, "shop_paused");
  assertProblem(await requestVoid(stack, seller, second.id), 422, "shop_paused");
  assert.deepEqual(await readStates(stack, seller, second.id), ["purchased", "purchased", null]);

  await runEventWorker(stack);
  assert.deepEqual(await readStates(stack, seller, first.id), pending);
  stack.tiktok.setInactive(seller.shopId, false);
  await stack.sql`update public.tiktok_shops set probe_at = now()`;
  await stack.sql`select public.request_source_checks()`;
  await runEventWorker(stack);
  await settledEvents(stack);
  assert.deepEqual(await readStates(stack, seller, first.id), [
    ...["void_rejected", "purchased", "void_in_seller_center"],
  ]);
});

test("a label whose parcel is on its way, or that was not bought, is not voided", async (stack) => {
  const seller = await connectSeller(stack);
  const { id, orderId, label } = await buySettledLabel(stack, seller);
  await stack.easypost.advanceTracker(label.tracking_number, "in_transit");
  await settledEvents(stack);
  const calls = stack.easypost.calls.length;
  assertProblem(await requestVoid(stack, seller, id), 422, "already_underway");
  assert.equal(stack.easypost.calls.length, calls);
  assert.deepEqual(await readStates(stack, seller, id), ["purchased", "in_transit", null]);
  assert.equal((await readOrder(seller, orderId)).status, "in_transit");

  // The carrier has scanned the parcel, but its webhook has not arrived yet.
  for (const lateRefund of ["rejected", "refused"] as const) {
    const late = await buySettledLabel(stack, seller);
    stack.easypost.behaviour.lateRefund = lateRefund;
    stack.easypost.changeTracker(late.label.tracking_number, "in_transit");
    const refused = await requestVoid(stack, seller, late.id);
    assertProblem(refused, 422, "void_refused");
    // A status has no words, a refusal has EasyPost's.
    const words = lateRefund === "refused" ? /^Unable to request refund/ : /^undefined$/;
    assert.match(String(refused.body.carrier_message), words);
    await assertLive(stack, seller, late);
  }

  const shipped = await buySettledLabel(stack, seller, { shippingType: "TIKTOK" });
  const moved = stack.tiktok.changeOrder(shipped.tiktokId, "IN_TRANSIT");
  await stack.tiktok.send(stack.tiktok.notificationOf(moved));
  await settledEvents(stack);
  assertProblem(await requestVoid(stack, seller, shipped.id), 422, "already_underway");

  stack.easypost.accounts.balance = "0.00";
  const poor = await receiveOrder(stack, seller);
  assertProblem(await requestLabel(stack, seller, poor.id), 402, "funds_missing");
  const [failed] = await stack.sql`
    select id from private.label_purchases where order_id = ${poor.id}`;
  assertProblem(await requestVoid(stack, seller, failed?.id), 422, "not_purchased");
});
