/** Buying labels: one for each unit, however often it is requested, and the seller's view of it. */
import assert from "node:assert/strict";
import {
  type Answer,
  assertProblem,
  callShipments,
  labelsBought,
  lineItemIdsOf,
  purchaseStates,
  readOrder,
  receiveOrder,
  requestLabel,
} from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, settledEvents, subscribe } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const PROVIDERS = [["SELLER", "easypost"], ["TIKTOK", "tiktok"]] as const;

function countStatuses(answers: Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const name = status < 300 ? String(status) : `${status} ${body.code}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** The units of the live shipments of an order, in any order. */
async function labelledUnits(stack: TestStack, orderId: string): Promise<string[]> {
  const rows = await stack.sql`
    select unnest(line_item_ids) as unit from public.shipments
    where order_id = ${orderId} and status <> 'voided'`;
  return rows.map((row) => row.unit as string);
}

test("attack: a seller's token ships no order of another shop; each shop's own token ships its order", async (stack) => {
  const [ada, bob] = [await connectSeller(stack), await connectSeller(stack)];
  const orders = [
    await receiveOrder(stack, ada, { shippingType: "TIKTOK" }),
    await receiveOrder(stack, bob, { shippingType: "TIKTOK" }),
  ] as const;
  assertProblem(await requestLabel(stack, ada, orders[1].id), 404, "order_not_found");
  assertProblem(await requestLabel(stack, bob, orders[0].id), 404, "order_not_found");
  assert.equal(labelsBought(stack).tiktok, 0);
  // The simulator refuses a cipher with the token of another shop, as TikTok does.
  for (const [seller, order] of [[ada, orders[0]], [bob, orders[1]]] as const) {
    assert.equal((await requestLabel(stack, seller, order.id)).status, 201);
  }
  assert.deepEqual(
    stack.tiktok.fulfillment.labels.map(({ orderId }) => orderId),
    orders.map(({ tiktokId }) => tiktokId),
  );
});

test("25 parallel requests with one key buy one label, and all name the same one", async (stack) => {
  const seller = await connectSeller(stack);
  for (const [shippingType, carrier] of PROVIDERS) {
    const order = await receiveOrder(stack, seller, { shippingType });
    const key = crypto.randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 25 }, () => requestLabel(stack, seller, order.id, { key })),
    );

    const [created] = answers.filter(({ status }) => status === 201);
    const { 200: repeated = 0, 201: bought, "409 purchase_in_progress": early = 0, ...others } =
      countStatuses(answers);
    assert.deepEqual([bought, repeated + early, others], [1, 24, {}]);
    for (const answer of answers) {
      if (answer.status === 409) assertProblem(answer, 409, "purchase_in_progress");
      if (answer.status === 409) assert.ok(Number(answer.headers.get("retry-after")) > 0);
      assert.equal(answer.body.id ?? answer.body.shipment_id, created?.body.id);
    }
    assert.equal(labelsBought(stack)[carrier], 1);
    const rows = await stack.sql`
      select shipments.id, state from public.shipments
      join private.label_purchases as purchase using (order_id) where order_id = ${order.id}`;
    assert.deepEqual(rows.map(({ id, state }) => [id, state]), [[created?.body.id, "purchased"]]);

    await settledEvents(stack);
    const [later, latest] = [
      await requestLabel(stack, seller, order.id, { key }),
      await requestLabel(stack, seller, order.id, { key }),
    ];
    assert.deepEqual([later.status, latest.status], [200, 200]);
    assert.deepEqual(later.body, latest.body);
    // TikTok was notified in the meantime.
    const { tiktok_notified_at: notifiedAt, updated_at: _, ...label } = later.body;
    const { tiktok_notified_at: __, updated_at: ___, ...first } = created?.body ?? {};
    assert.deepEqual(label, first);
    assert.ok(notifiedAt);
    assert.equal(labelsBought(stack)[carrier], 1);
    assert.deepEqual(await readOrder(seller, order.id), {
      status: "awaiting_collection",
      events: ["LABEL_PURCHASED"],
    });
  }
  assert.deepEqual(await purchaseStates(stack), { purchased: 2 });
});

test("25 parallel requests with 25 keys for one order buy one label", async (stack) => {
  const seller = await connectSeller(stack);
  for (const [shippingType, carrier] of PROVIDERS) {
    const order = await receiveOrder(stack, seller, { shippingType, quantity: 2 });
    const answers = await Promise.all(
      Array.from({ length: 25 }, () => requestLabel(stack, seller, order.id)),
    );
    // Before the purchase, and after it.
    const {
      "422 line_items_labelled": labelled = 0,
      "422 already_shipped": shipped = 0,
      ...others
    } = countStatuses(answers);
    assert.deepEqual([others, labelled + shipped], [{ 201: 1 }, 24]);
    assert.equal(labelsBought(stack)[carrier], 1);
    assert.deepEqual(
      (await labelledUnits(stack, order.id)).toSorted(),
      lineItemIdsOf(stack, order.tiktokId),
    );
  }
  assert.deepEqual(await purchaseStates(stack), { purchased: 2 });
  await settledEvents(stack);
});

test("an order is split into two parcels, and no unit gets two labels", async (stack) => {
  const seller = await connectSeller(stack);
  for (const [shippingType, carrier] of PROVIDERS) {
    const order = await receiveOrder(stack, seller, { shippingType, quantity: 4 });
    const units = lineItemIdsOf(stack, order.tiktokId);
    const [a, b, c, d] = units as [string, string, string, string];
    const before = labelsBought(stack)[carrier];

    const first = await requestLabel(stack, seller, order.id, { line_item_ids: [b, a] });
    assert.deepEqual([first.status, first.body.line_item_ids], [201, [a, b]]);
    assert.equal((await readOrder(seller, order.id)).status, "partially_shipped");
    const overlapping = await requestLabel(stack, seller, order.id, { line_item_ids: [b, c] });
    assertProblem(overlapping, 422, "line_items_labelled");
    const second = await requestLabel(stack, seller, order.id, { line_item_ids: [c, d] });
    assert.deepEqual([second.status, second.body.line_item_ids], [201, [c, d]]);
    assert.notEqual(second.body.tracking_number, first.body.tracking_number);
    assert.equal((await readOrder(seller, order.id)).status, "awaiting_collection");

    assertProblem(await requestLabel(stack, seller, order.id), 422, "already_shipped");
    const again = await requestLabel(stack, seller, order.id, { line_item_ids: [a] });
    assertProblem(again, 422, "line_items_labelled");
    assert.equal(labelsBought(stack)[carrier] - before, 2);
    assert.deepEqual((await labelledUnits(stack, order.id)).toSorted(), units);
    assert.deepEqual((await readOrder(seller, order.id)).events, [
      "LABEL_PURCHASED",
      "LABEL_PURCHASED",
    ]);
    await settledEvents(stack);
    const packages = carrier === "tiktok"
      ? stack.tiktok.fulfillment.labels
      : stack.tiktok.fulfillment.shipped;
    const packed = packages.filter(({ orderId }) => orderId === order.tiktokId)
      .map(({ lineItemIds }) => lineItemIds.toSorted());
    assert.deepEqual(packed.toSorted(), [[a, b], [c, d]]);
  }
});

test("parallel requests for overlapping units: each unit is in one parcel at most", async (stack) => {
  const seller = await connectSeller(stack);
  for (const [shippingType, carrier] of PROVIDERS) {
    const order = await receiveOrder(stack, seller, { shippingType, quantity: 4 });
    const [a, b, c, d] = lineItemIdsOf(stack, order.tiktokId) as [string, string, string, string];
    const before = labelsBought(stack)[carrier];
    const wanted = [[a, b], [b, c], [c, d], [d, a], [a], [b], [c], [d], [a, b, c, d], undefined];
    const answers = await Promise.all(
      wanted.map((line_item_ids) => requestLabel(stack, seller, order.id, { line_item_ids })),
    );
    const bought = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status !== 201);
    assert.ok(bought.length > 0 && refused.length > 0);
    for (const answer of refused) {
      const { code } = answer.body;
      assert.ok(["line_items_labelled", "already_shipped"].includes(code), code);
      assertProblem(answer, 422, code);
    }
    assert.equal(labelsBought(stack)[carrier] - before, bought.length);
    const units = await labelledUnits(stack, order.id);
    assert.equal(new Set(units).size, units.length);
    assert.deepEqual(
      units.toSorted(),
      bought.flatMap(({ body }) => body.line_item_ids).toSorted(),
    );
  }
  await settledEvents(stack);
});

async function assertHidden(
  stack: TestStack,
  stranger: ConnectedSeller,
  shipmentId: string,
): Promise<void> {
  for (const table of ["shipments", "order_events"] as const) {
    assert.deepEqual((await stranger.client.from(table).select("id")).data, []);
  }
  assert.equal(
    (await callShipments(stack, stranger, `/${shipmentId}`, { method: "GET" })).status,
    404,
  );
}

test("a seller sees their own shipments and timelines, and no other seller's", async (stack) => {
  const seller = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  const order = await receiveOrder(stack, seller);
  const { body: label } = await requestLabel(stack, seller, order.id);
  await settledEvents(stack);

  const { data } = await seller.client.from("shipments").select("*").single();
  assert.ok(data);
  const { tracked_at, created_at, updated_at, tiktok_notified_at, tiktok_package_id, ...row } =
    data;
  for (const time of [tracked_at, created_at, updated_at, tiktok_notified_at]) {
    assert.ok(Math.abs(Date.now() - Date.parse(time ?? "")) < 60_000, String(time));
  }
  const [notified] = stack.tiktok.fulfillment.shipped;
  assert.equal(tiktok_package_id, notified?.packageId);
  assert.deepEqual(row, {
    id: label.id,
    order_id: order.id,
    user_id: seller.id,
    provider: "easypost",
    carrier: "UPSDAP",
    service_type: "Ground",
    tracking_number: notified?.trackingNumber,
    label_url: label.label_url,
    label_expires_at: null,
    label_format: "PDF",
    shipping_cost: 7.78,
    quoted_cost: 7.78,
    currency: "USD",
    line_item_ids: lineItemIdsOf(stack, order.tiktokId),
    estimated_delivery: null,
    status: "purchased",
    tracking_updated_at: null,
    tiktok_warning: null,
    tiktok_error: null,
    tiktok_error_code: null,
    advice: null,
    advice_reason: null,
    advised_at: null,
  });
  const { data: events } = await seller.client.from("order_events").select("event_type, changes")
    .eq("event_type", "LABEL_PURCHASED");
  assert.deepEqual(events, [{
    event_type: "LABEL_PURCHASED",
    changes: {
      shipment_id: label.id,
      carrier: "UPSDAP",
      order_status: { from: "awaiting_shipment", to: "awaiting_collection" },
    },
  }]);

  await assertHidden(stack, await connectSeller(stack), label.id);
  // Only the backend writes.
  const { error } = await seller.client.from("shipments").update({ status: "voided" })
    .eq("id", label.id);
  assert.equal(error?.code, "42501");
  const shown = await callShipments(stack, seller, `/${label.id}`, { method: "GET" });
  assert.deepEqual([shown.status, shown.body.status], [200, "purchased"]);
});
