/** Tracking numbers that sellers bring from elsewhere: TikTok is notified once, and the parcel is tracked. */
import assert from "node:assert/strict";
import { advanceTracker, makeTracker } from "../../local/simulators/easypost/trackers.ts";
import {
  type Answer,
  assertProblem,
  callShipments,
  callsTo,
  lineItemIdsOf,
  type OrderRow,
  processDueEvents,
  processLaterEvents,
  readOrder,
  receiveCombinedOrders,
  receiveOrder,
  requestLabel,
  sideEffects,
} from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import {
  type ConnectedSeller,
  connectSeller,
  letTimePass,
  runEventWorker,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const WRITES = /\/orders\/\d+\/packages$|\/ship$|\/shipping_info\/update$/;

let numbers = 0;

/** A number of UPS that nothing has used. */
function newNumber(): string {
  return `1Z999AA1${String(++numbers).padStart(10, "0")}`;
}

function add(
  stack: TestStack,
  seller: ConnectedSeller,
  order: OrderRow,
  { key = crypto.randomUUID(), ...request }: Record<string, unknown> & { key?: string } = {},
): Promise<Answer> {
  const body = { order_id: order.id, carrier: "UPS", tracking_number: newNumber(), ...request };
  return callShipments(stack, seller, "/own", { key, body });
}

function correct(
  stack: TestStack,
  seller: ConnectedSeller,
  id: string,
  tracking_number: string,
  carrier = "UPS",
): Promise<Answer> {
  return callShipments(stack, seller, `/${id}/tracking`, { body: { carrier, tracking_number } });
}

async function read(
  stack: TestStack,
  seller: ConnectedSeller,
  id: string,
): Promise<Answer["body"]> {
  return (await callShipments(stack, seller, `/${id}`, { method: "GET" })).body;
}

function numbersAtTikTok(stack: TestStack, { tiktokId }: OrderRow): string[] {
  return stack.tiktok.fulfillment.shipped.filter(({ orderId }) => orderId === tiktokId)
    .map(({ trackingNumber }) => trackingNumber);
}

test("own carrier contracts, 3PL: a tracking number from elsewhere is sent to TikTok once, and tracked", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { quantity: 2 });
  stack.tiktok.fulfillment.alwaysWarn = true;
  const number = newNumber();
  const key = crypto.randomUUID();
  const wanted = { key, tracking_number: ` ${number.slice(0, 6)} ${number.slice(6)}` };
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => add(stack, seller, order, wanted)),
  );
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [...Array(7).fill(200), 201]);
  const created = answers.find(({ status }) => status === 201)?.body;
  assert.ok(answers.every(({ body }) => body.id === created.id));
  assert.notEqual(created.tiktok_notified_at, null);
  assert.equal(created.tiktok_warning, "accepted_with_warning");
  assert.deepEqual([created.provider, created.carrier, created.label_url], ["own", "UPS", null]);
  await processLaterEvents(stack);
  assert.equal((await add(stack, seller, order, wanted)).status, 200);
  assert.deepEqual(numbersAtTikTok(stack, order), [number]);
  assert.equal(callsTo(stack.tiktok.calls, WRITES), 1);

  assert.equal(callsTo(stack.easypost.calls, /POST \/v2\/trackers/), 1);
  await stack.easypost.advanceTracker(number, "delivered");
  await processDueEvents(stack);
  assert.equal((await read(stack, seller, created.id)).status, "delivered");
  assert.equal((await readOrder(seller, order.id)).status, "delivered");
  for (const [path, method] of [["label", "GET"], ["void", "POST"]] as const) {
    const answer = await callShipments(stack, seller, `/${created.id}/${path}`, { method });
    assertProblem(answer, 422, "not_purchased");
  }
});

test("above the plan's number of trackers a number goes to TikTok, and no tracker is paid for it", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  await stack.sql`select public.set_label_limit(${seller.id}, '{"monthly_label_limit": 0}')`;
  const { body } = await add(stack, seller, order);
  await processDueEvents(stack);
  assert.deepEqual(numbersAtTikTok(stack, order), [body.tracking_number]);
  assert.equal(callsTo(stack.easypost.calls, /trackers/), 0);
});

test("an own number that is refused is refused before anything is stored, and TikTok gets no call", async (stack) => {
  const seller = await connectSeller(stack);
  const stranger = await connectSeller(stack);
  const plain = await receiveOrder(stack, seller, { quantity: 2 });
  const [unit, other] = lineItemIdsOf(stack, plain.tiktokId);
  const used = (await add(stack, seller, plain, { line_item_ids: [unit] })).body.tracking_number;
  const [combined] = await receiveCombinedOrders(stack, seller);
  const cases: [string, OrderRow, Record<string, unknown>][] = [
    ["order_on_hold", await receiveOrder(stack, seller, { status: "ON_HOLD" }), {}],
    ["order_unpaid", await receiveOrder(stack, seller, { status: "UNPAID" }), {}],
    ["order_cancelled", await receiveOrder(stack, seller, { status: "CANCELLED" }), {}],
    ["tiktok_label_required", await receiveOrder(stack, seller, { shippingType: "TIKTOK" }), {}],
    [
      "fulfilled_by_tiktok",
      await receiveOrder(stack, seller, { detail: { fulfillment_type: "FULFILLMENT_BY_TIKTOK" } }),
      {},
    ],
    ["order_combined", combined, {}],
    ["line_items_labelled", plain, { line_item_ids: [unit] }],
    ["line_items_unknown", plain, { line_item_ids: ["1"] }],
    ["carrier_not_accepted", plain, { carrier: "USPS" }],
    ["tracking_number_used", plain, { tracking_number: used }],
  ];
  await processDueEvents(stack);
  const before = await sideEffects(stack);
  for (const [code, order, request] of cases) {
    assertProblem(await add(stack, seller, order, request), 422, code);
  }
  assertProblem(await add(stack, stranger, plain), 404, "order_not_found");
  assert.deepEqual(await sideEffects(stack), before);

  // These need TikTok's word; it gets no write.
  const { id } = stack.tiktok.state.get("orders", plain.tiktokId) ?? assert.fail();
  assertProblem(await add(stack, seller, plain, { carrier: "Pigeon" }), 422, "carrier_unknown");
  const usps = { carrier: "7117858858072016686" };
  assertProblem(await add(stack, seller, plain, usps), 422, "carrier_not_accepted");
  stack.tiktok.cancelUnits(id, [String(other)]);
  const cancelled = await add(stack, seller, plain, { line_item_ids: [other] });
  assertProblem(cancelled, 422, "unit_cancelled");
  const { tiktok: _, ...after } = await sideEffects(stack);
  const { tiktok: __, ...earlier } = before;
  assert.deepEqual(after, earlier);
  assert.equal(callsTo(stack.tiktok.calls, WRITES), 1);
});

test("a number that TikTok refuses is withdrawn with its code, and its units are free", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  const refused = [
    ["123", "tracking_number_invalid", "1234"],
    ["unknown", "tracking_number_unknown", "ABCDEF"],
    ["other carrier", "tracking_number_of_other_carrier", "123456789012"],
  ] as const;
  for (const [what, code, tracking_number] of refused) {
    const key = crypto.randomUUID();
    const answer = await add(stack, seller, order, { tracking_number, key });
    assertProblem(answer, 422, code, what);
    const writes = callsTo(stack.tiktok.calls, WRITES);
    assertProblem(await add(stack, seller, order, { tracking_number, key }), 422, code, what);
    assert.equal(callsTo(stack.tiktok.calls, WRITES), writes, "a repetition calls nothing");
    const shipment = await read(stack, seller, answer.body.shipment_id);
    assert.deepEqual([shipment.state, shipment.reason], ["voided", code]);
  }
  assert.equal((await readOrder(seller, order.id)).status, "awaiting_shipment");
  assert.deepEqual(numbersAtTikTok(stack, order), []);
  await processDueEvents(stack);
  assert.equal(callsTo(stack.easypost.calls, /trackers/), 0);
  assert.equal((await requestLabel(stack, seller, order.id)).status, 201);
});

test("a refused number for the second parcel of an order leaves its unit to be shipped", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller, { quantity: 2 });
  const [first, second] = lineItemIdsOf(stack, order.tiktokId);
  assert.equal((await add(stack, seller, order, { line_item_ids: [first] })).status, 201);
  assert.equal((await readOrder(seller, order.id)).status, "partially_shipped");
  const wrong = { line_item_ids: [second], tracking_number: "1234" };
  assertProblem(await add(stack, seller, order, wrong), 422, "tracking_number_invalid");
  assert.equal((await readOrder(seller, order.id)).status, "partially_shipped");
  assert.equal((await add(stack, seller, order, { line_item_ids: [second] })).status, 201);
  assert.notEqual((await readOrder(seller, order.id)).status, "partially_shipped");
});

test("while TikTok is down an own number is stored, and sent once when it is up", async (stack) => {
  const seller = await connectSeller(stack);
  for (const kind of ["html", "lost"] as const) {
    const order = await receiveOrder(stack, seller);
    // Down for every call, or a write whose answer is lost.
    const path = kind === "html" ? /./ : WRITES;
    stack.tiktok.faults.add({ kind, path, ...(kind === "lost" && { count: 1 }) });
    const number = newNumber();
    const { status, body } = await add(stack, seller, order, { tracking_number: number });
    assert.deepEqual([status, body.tiktok_notified_at], [201, null], kind);
    assert.match(body.tiktok_error, /^TikTok answered HTTP 50/, kind);
    stack.tiktok.faults.clear();
    await processLaterEvents(stack);
    const shipment = await read(stack, seller, body.id);
    assert.notEqual(shipment.tiktok_notified_at, null, kind);
    assert.equal(shipment.tiktok_error, null, kind);
    assert.deepEqual(numbersAtTikTok(stack, order), [number], kind);
  }
});

test("a number whose process died before it notified TikTok is sent once by the worker", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  const request = { carrier: "UPS", tracking_number: newNumber() };
  await stack.sql`
    select public.request_own_tracking(
      user_id, 'key', 'hash', id, ${stack.sql.json(request)}, false
    ) from public.orders where id = ${order.id}`;
  await runEventWorker(stack);
  assert.deepEqual(numbersAtTikTok(stack, order), [], "the lease of the dead process");
  await letTimePass(stack);
  await processLaterEvents(stack);
  await processLaterEvents(stack);
  assert.deepEqual(numbersAtTikTok(stack, order), [request.tracking_number]);
});

test("a tracking number is corrected within 72 hours; then it is final, and the old tracker counts no more", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  const [wrong, right] = [newNumber(), newNumber()];
  const { body: { id } } = await add(stack, seller, order, { tracking_number: wrong });
  await processDueEvents(stack);
  const corrections = await Promise.all([1, 2, 3].map(() => correct(stack, seller, id, right)));
  // One of them sends it; the others find it there.
  assert.ok(corrections.every(({ status }) => status === 200), JSON.stringify(corrections));
  await processDueEvents(stack);
  assert.deepEqual(numbersAtTikTok(stack, order), [wrong, right]);

  await stack.easypost.advanceTracker(wrong, "delivered");
  await processDueEvents(stack);
  assert.equal((await read(stack, seller, id)).status, "purchased");
  await stack.easypost.advanceTracker(right, "in_transit");
  await processDueEvents(stack);
  assert.equal((await read(stack, seller, id)).status, "in_transit");

  // TikTok refuses: the accepted number stays.
  assertProblem(await correct(stack, seller, id, "1234"), 422, "tracking_number_invalid");
  assertProblem(await correct(stack, seller, id, newNumber()), 422, "tracking_final");
  assert.equal((await read(stack, seller, id)).tracking_number, right);

  await stack.sql`
    update private.own_tracking_numbers set accepted_at = accepted_at - interval '72 hours'`;
  const before = await sideEffects(stack);
  assertProblem(await correct(stack, seller, id, newNumber()), 422, "tracking_final");
  assert.deepEqual(await sideEffects(stack), before);
  const stranger = await connectSeller(stack);
  assertProblem(await correct(stack, stranger, id, newNumber()), 404, "shipment_not_found");
});

test("a wrong number that is another parcel's, which has arrived, is corrected: the order is no longer delivered", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  const [wrong, right] = [newNumber(), newNumber()];
  const statusOfOrder = async () => (await readOrder(seller, order.id)).status;
  const { body: { id } } = await add(stack, seller, order, { tracking_number: wrong });
  await processDueEvents(stack);
  await stack.easypost.advanceTracker(wrong, "delivered");
  await processDueEvents(stack);
  assert.equal(await statusOfOrder(), "delivered");

  const { status, body } = await correct(stack, seller, id, right);
  assert.deepEqual([status, body.tracking_number, body.status], [200, right, "purchased"]);
  assert.deepEqual(numbersAtTikTok(stack, order), [wrong, right]);
  assert.equal(await statusOfOrder(), "awaiting_collection");
  await stack.easypost.advanceTracker(wrong, "delivered");
  await processDueEvents(stack);
  assert.equal(await statusOfOrder(), "awaiting_collection");
  await stack.easypost.advanceTracker(right, "in_transit");
  await processDueEvents(stack);
  assert.equal(await statusOfOrder(), "in_transit");
});

test("what the carrier says of an earlier parcel with the same number does not count", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await receiveOrder(stack, seller);
  const number = newNumber();
  const { state, mode } = stack.easypost;
  const before = Date.now() - 60 * 24 * 3600_000;
  const earlier = makeTracker({
    ...{ trackingCode: number, carrier: "UPS", shipmentId: null, mode, now: before },
  });
  state.put("trackers", earlier.id, advanceTracker(earlier, "delivered", {}, before));
  const { body: { id } } = await add(stack, seller, order, { tracking_number: number });
  await processDueEvents(stack);
  assert.equal((await read(stack, seller, id)).status, "purchased");
  assert.equal((await readOrder(seller, order.id)).status, "awaiting_collection");
  await stack.easypost.send(stack.easypost.eventOf(number));
  await processDueEvents(stack);
  assert.equal((await read(stack, seller, id)).status, "purchased");
  await stack.easypost.advanceTracker(number, "in_transit");
  await processDueEvents(stack);
  assert.equal((await read(stack, seller, id)).status, "in_transit");
});

test("a correction whose answer is lost is kept: TikTok, which takes one in the US, has it", async (stack) => {
  const seller = await connectSeller(stack);
  for (const kind of ["lost", "truncated"] as const) {
    const order = await receiveOrder(stack, seller);
    const [wrong, right] = [newNumber(), newNumber()];
    const { body: { id } } = await add(stack, seller, order, { tracking_number: wrong });
    stack.tiktok.faults.add({ kind, path: /shipping_info\/update$/, count: 1 });
    const { status, body } = await correct(stack, seller, id, right);
    assert.deepEqual([status, body.tracking_number], [200, right], kind);
    await processLaterEvents(stack);
    const { tracking_number, tiktok_notified_at, tiktok_error } = await read(stack, seller, id);
    assert.deepEqual([tracking_number, tiktok_error], [right, null], kind);
    assert.notEqual(tiktok_notified_at, null, kind);
    assert.deepEqual(numbersAtTikTok(stack, order), [wrong, right], kind);
  }
});

test("a seller lists the carriers that may be named; Ship Package takes the number in South-East Asia", async (stack) => {
  const list = (seller: ConnectedSeller, { id }: OrderRow) =>
    callShipments(stack, seller, `/carriers?order_id=${id}`, { method: "GET" });
  const namesOf = ({ body }: Answer) => body.carriers.map(({ name }: { name: string }) => name);
  const american = await connectSeller(stack);
  const names = namesOf(await list(american, await receiveOrder(stack, american)));
  assert.deepEqual(names, ["UPS", "FedEx", "DHL Express", "OnTrac"], "USPS is refused by a rule");
  const byTikTok = await receiveOrder(stack, american, { shippingType: "TIKTOK" });
  assertProblem(await list(american, byTikTok), 422, "tiktok_label_required");

  stack.tiktok.addShop({ id: "7480000000000000902", region: "ID" });
  const seller = await connectSeller(stack, "7480000000000000902");
  const order = await receiveOrder(stack, seller, { shippingType: "SELLER" });
  assert.deepEqual(namesOf(await list(seller, order)), ["J&T Express", "Ninja Van", "DHL Express"]);
  const own = { carrier: "J&T Express", tracking_number: "JT1234567890" };
  const { status, body } = await add(stack, seller, order, own);
  assert.deepEqual([status, body.tiktok_error], [201, null]);
  assert.notEqual(body.tiktok_notified_at, null);
  assert.equal(callsTo(stack.tiktok.calls, /\/packages\/\d+\/ship$/), 1);
  // EasyPost does not track this carrier: that is not a failure.
  await processDueEvents(stack);
  assert.equal((await read(stack, seller, body.id)).status, "purchased");
  const [task] = await stack.sql`
    select status from private.webhook_events
    where event_type = 'CHECK_TRACKING' and object_id = ${body.id}`;
  assert.equal(task?.status, "done");
});

test("a number or label for a part of a package that TikTok ships as a whole is refused, and the package keeps its number", async (stack) => {
  stack.tiktok.addShop({ id: "7480000000000000903", region: "ID" });
  const seller = await connectSeller(stack, "7480000000000000903");
  const order = await receiveOrder(stack, seller, { shippingType: "SELLER", quantity: 2 });
  const [first, second] = lineItemIdsOf(stack, order.tiktokId);
  const charged = stack.easypost.accounts.charged;
  for (const unit of [first, second]) {
    const part = { line_item_ids: [unit] };
    const own = {
      ...part,
      carrier: "J&T Express",
      tracking_number: `JT123456789${unit === first ? 1 : 2}`,
    };
    assertProblem(await add(stack, seller, order, own), 422, "line_items_combined");
    assertProblem(await requestLabel(stack, seller, order.id, part), 422, "line_items_combined");
  }
  // While TikTok is down nothing is known of the package: the number is withdrawn later.
  stack.tiktok.faults.add({ kind: "html", path: /./ });
  const part = { carrier: "J&T Express", tracking_number: "JT1234567893", line_item_ids: [first] };
  const { body: { id } } = await add(stack, seller, order, part);
  stack.tiktok.faults.clear();
  await processLaterEvents(stack);
  const { state, reason } = await read(stack, seller, id);
  assert.deepEqual([state, reason], ["voided", "line_items_combined"]);
  assert.deepEqual(numbersAtTikTok(stack, order), []);
  assert.equal(stack.easypost.accounts.charged, charged);

  const whole = { carrier: "J&T Express", tracking_number: "JT1234567899" };
  assert.equal((await add(stack, seller, order, whole)).status, 201);
  assert.deepEqual(numbersAtTikTok(stack, order), [whole.tracking_number]);
});
