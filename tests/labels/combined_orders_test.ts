/** Orders that TikTok combined: one label for all of them, and none for a part. */
import assert from "node:assert/strict";
import {
  assertProblem,
  callShipments,
  FROM,
  labelsBought,
  PARCEL,
  processDueEvents,
  processLaterEvents,
  readOrder,
  receiveCombinedOrders,
  requestLabel,
  requestRates,
  sideEffects,
} from "../support/labels.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller, settledEvents } from "../support/shop.ts";
import { until } from "../support/until.ts";

const PROVIDERS = [["SELLER", "easypost"], ["TIKTOK", "tiktok"]] as const;

test("a part of a combined group gets no label, and the answer names the others", async (stack) => {
  const seller = await connectSeller(stack);
  for (const [shippingType] of PROVIDERS) {
    const [first, second] = await receiveCombinedOrders(stack, seller, { shippingType });
    await settledEvents(stack);
    const before = await sideEffects(stack);
    for (
      const alone of [
        await requestLabel(stack, seller, first.id),
        await requestRates(stack, seller, first.id),
      ]
    ) {
      assertProblem(alone, 422, "order_combined");
      assert.deepEqual(alone.body.order_ids, [second.id]);
    }
    const labels = [{ order_id: second.id, parcel: PARCEL, service: "cheapest", from: FROM }];
    const key = crypto.randomUUID();
    const batch = await callShipments(stack, seller, "/batch", { key, body: { labels } });
    const path = `/batch/${batch.body.id}`;
    const done = await until("the batch is done", async () => {
      const { body } = await callShipments(stack, seller, path, { method: "GET" });
      return body.state === "done" ? body : undefined;
    });
    const { code, order_ids } = done.items[0].problem;
    assert.deepEqual([code, order_ids], ["order_combined", [first.id]]);
    assert.deepEqual(await sideEffects(stack), before, "no call, no money, no row");
  }
});

test("combined orders get one label: each moves, and the cost is stated once", async (stack) => {
  const seller = await connectSeller(stack);
  for (const [shippingType, carrier] of PROVIDERS) {
    const [first, second] = await receiveCombinedOrders(stack, seller, { shippingType });
    const order_ids = [first.id, second.id];
    const { body: { rates } } = await requestRates(stack, seller, first.id, { order_ids });
    assert.ok(rates.length > 0);
    const answers = await Promise.all(
      Array.from(
        { length: 10 },
        (_, n) => requestLabel(stack, seller, order_ids[n % 2] as string, { order_ids }),
      ),
    );
    const bought = answers.filter(({ status }) => status === 201);
    assert.deepEqual([bought.length, labelsBought(stack)[carrier]], [1, 1]);
    const shipment = bought[0]?.body;
    assert.deepEqual(shipment.order_ids.toSorted(), order_ids.toSorted());
    assert.equal(shipment.line_item_ids.length, 2);
    await processDueEvents(stack);
    for (const { id } of [first, second]) {
      const { status, events } = await readOrder(seller, id);
      assert.deepEqual([status, events[0]], ["awaiting_collection", "LABEL_PURCHASED"]);
    }
    const { data } = await seller.client.from("shipments")
      .select("shipping_cost, tracking_number, shipment_orders(order_id)").eq("id", shipment.id);
    assert.equal(data?.length, 1);
    assert.ok(Number(data?.[0]?.shipping_cost) > 0);
    const seen = data?.[0]?.shipment_orders.map(({ order_id }) => order_id).toSorted();
    assert.deepEqual(seen, order_ids.toSorted());
    const tiktokIds = [first, second].map(({ tiktokId }) => tiktokId).toSorted();
    if (carrier === "tiktok") {
      assert.deepEqual(stack.tiktok.fulfillment.labels[0]?.orderIds?.toSorted(), tiktokIds);
    } else {
      const { shipped } = stack.tiktok.fulfillment;
      assert.deepEqual(shipped.map(({ orderId }) => orderId).toSorted(), tiktokIds);
      const numbers = new Set(shipped.map(({ trackingNumber }) => trackingNumber));
      assert.deepEqual([...numbers], [data?.[0]?.tracking_number]);
    }
  }
});

test("a combined label is reported to TikTok for each order, though the second call fails", async (stack) => {
  const seller = await connectSeller(stack);
  const [first, second] = await receiveCombinedOrders(stack, seller, { shippingType: "SELLER" });
  const path = new RegExp(`/orders/${second.tiktokId}/packages$`);
  stack.tiktok.faults.add({ kind: "internal", method: "POST", path });
  const order_ids = [first.id, second.id];
  const { body } = await requestLabel(stack, seller, first.id, { order_ids });
  await processDueEvents(stack);
  const notified = () => stack.tiktok.fulfillment.shipped.map(({ orderId }) => orderId);
  assert.deepEqual(notified(), [first.tiktokId]);
  stack.tiktok.faults.clear();
  await processLaterEvents(stack);
  assert.deepEqual(notified(), [first.tiktokId, second.tiktokId]);
  const { body: shipment } = await callShipments(stack, seller, `/${body.id}`, { method: "GET" });
  assert.deepEqual([shipment.tiktok_error, shipment.tiktok_notified_at !== null], [null, true]);
});

test("the label that replaces a voided one of a group is reported to TikTok, and once", async (stack) => {
  const seller = await connectSeller(stack);
  stack.easypost.behaviour.refundStatus = "refunded";
  const [first, second] = await receiveCombinedOrders(stack, seller, { shippingType: "SELLER" });
  const order_ids = [first.id, second.id];
  const { body: old } = await requestLabel(stack, seller, first.id, { order_ids });
  await processDueEvents(stack);
  const voided = await callShipments(stack, seller, `/${old.id}/void`);
  assert.equal(voided.body.state, "voided");
  const { status, body } = await requestLabel(stack, seller, first.id, { order_ids });
  assert.equal(status, 201);
  await processDueEvents(stack);
  const { data } = await seller.client.from("shipments")
    .select("tiktok_error, tiktok_notified_at").eq("id", body.id).single();
  assert.deepEqual([data?.tiktok_error, Boolean(data?.tiktok_notified_at)], [null, true]);
  const sent = stack.tiktok.fulfillment.shipped
    .filter(({ trackingNumber }) => trackingNumber === body.tracking_number);
  assert.deepEqual(
    sent.map(({ orderId, isCorrection }) => [orderId, isCorrection]).toSorted(),
    [first, second].map(({ tiktokId }) => [tiktokId, true]).toSorted(),
  );
});

test("outside the US one package holds the combined orders, and is shipped once", async (stack) => {
  const shopId = "7490000000000000001";
  stack.tiktok.addShop({ id: shopId, region: "DE" });
  const seller = await connectSeller(stack, shopId);
  for (const [shippingType] of PROVIDERS) {
    const [first, second] = await receiveCombinedOrders(stack, seller, { shippingType });
    const alone = await requestLabel(stack, seller, second.id);
    assertProblem(alone, 422, "order_combined");
    assert.deepEqual(alone.body.order_ids, [first.id]);
    // TikTok lists UPS there, and not USPS, which would be the cheapest.
    const service = shippingType === "SELLER" ? "UPSDAP/Ground" : "cheapest";
    const all = { order_ids: [first.id], service };
    const { status, body } = await requestLabel(stack, seller, second.id, all);
    assert.deepEqual([status, body.order_ids], [201, [second.id, first.id]]);
    await processDueEvents(stack);
    for (const { id } of [first, second]) {
      assert.equal((await readOrder(seller, id)).status, "awaiting_collection");
    }
  }
  assert.deepEqual(labelsBought(stack), { easypost: 1, tiktok: 1 });
  assert.equal(stack.tiktok.fulfillment.shipped.length, 1);
});
