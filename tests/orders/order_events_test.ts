/** The topics about orders: their effect on the order and on its timeline. */
import assert from "node:assert/strict";
import {
  announceOrder,
  countOrders,
  orderState,
  sendTopic,
  timelineOf,
} from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import { connectSeller, postWebhook, pushTime, settledEvents } from "../support/shop.ts";
import { until } from "../support/until.ts";

test("a cancellation under both its numbers reaches order and timeline", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const order = await announceOrder(stack, { shopId, price: "20.00" });
  await settledEvents(stack);
  const request = { order_id: order.id, cancel_id: "9001", cancellations_role: "BUYER" };

  const pending = { ...request, cancel_status: "CANCELLATION_REQUEST_PENDING", create_time: 1 };
  await sendTopic(stack, shopId, 11, pending);
  const reverse = { order_id: order.id, reverse_order_id: "9001", reverse_type: 4, update_time: 1 };
  await sendTopic(stack, shopId, 2, reverse);
  await settledEvents(stack);
  assert.equal(await orderState(seller, order.id), "awaiting_shipment paid");

  stack.tiktok.changeOrder(order.id, "CANCELLED");
  const complete = { ...request, cancel_status: "CANCELLATION_REQUEST_COMPLETE", update_time: 2 };
  await sendTopic(stack, shopId, 11, complete);
  await settledEvents(stack);
  assert.equal(await orderState(seller, order.id), "cancelled refunded");

  const entries = await timelineOf(seller, order.id);
  assert.deepEqual(
    entries.map(({ changes }) => changes.cancel_status ?? changes.reverse_type ?? null),
    [null, "CANCELLATION_REQUEST_PENDING", 4, "CANCELLATION_REQUEST_COMPLETE"],
  );
});

test("a return and its refunds reach order and timeline", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const order = await announceOrder(stack, { shopId, status: "DELIVERED", price: "20.00" });
  const refund = async (total: string, rma_id: string) => {
    await sendTopic(stack, shopId, 67, {
      aftersales_request_id: "1",
      rma_id,
      line_items: ["3", "4"].map((sku_id) => ({ main_order_id: order.id, sku_id })),
      refund_currency: "USD",
      refund_total: total,
      refund_status: "REFUND_SUCCESS",
    });
    await settledEvents(stack);
  };

  await sendTopic(stack, shopId, 12, {
    order_id: order.id,
    return_id: "9002",
    return_status: "RETURN_OR_REFUND_REQUEST_PENDING",
    return_type: "REFUND",
    return_role: "BUYER",
  });
  await settledEvents(stack);
  await refund("0", "2");
  await refund("4.99", "2");
  assert.equal(await orderState(seller, order.id), "delivered partially_refunded");
  await refund("20.00", "3");
  assert.equal(await orderState(seller, order.id), "delivered refunded");

  const changes = (await timelineOf(seller, order.id)).map((entry) => entry.changes);
  assert.ok(changes.some((entry) => entry.return_status === "RETURN_OR_REFUND_REQUEST_PENDING"));
  assert.deepEqual(changes.flatMap((entry) => entry.refund_total ?? []), ["4.99", "20.00"]);
});

test("a package event reads each order that it names, and stores it once", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const orders = Array.from({ length: 3 }, () => stack.tiktok.addOrder({ shopId }));
  const lists = [[orders[0]?.id, orders[1]?.id], [orders[1]?.id, orders[2]?.id]];

  await sendTopic(stack, shopId, 4, {
    sc_type: "COMBINE",
    package_list: lists.map((order_id_list, n) => ({ package_id: String(n), order_id_list })),
    update_time: 1,
  });

  assert.deepEqual(await settledEvents(stack), { done: 4 });
  assert.equal(await countOrders(seller), 3);
});

test("an event that names no order syncs the whole shop", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  stack.tiktok.addOrder({ shopId });

  await sendTopic(stack, shopId, 64, {
    aftersales_request_id: "1",
    aftersales_request_status: "PENDING_REQUEST_REVIEW",
  });

  await until("the order is stored", async () => await countOrders(seller) === 1);
  // The webhook, the sync that it requested, and the order that the sync found.
  assert.deepEqual(await settledEvents(stack), { done: 3 });
});

test("topics without a handler are stored and ignored, unknown ones too", async (stack) => {
  const { shopId } = await connectSeller(stack);
  for (const type of [5, 13, 14, 16, 37, 66, 8, 99_999]) {
    const data = `{"product_id":1729500000000000101,"order_id":"1"}`;
    const body =
      `{"type":${type},"tts_notification_id":"${type}","shop_id":"${shopId}","timestamp":1,"data":${data}}`;
    const response = await postWebhook(stack, body);
    assert.equal(response.status, 200);
    await response.body?.cancel();
  }
  await settledEvents(stack);
  const rows = await stack
    .sql`select event_type, status, reason from private.webhook_events order by id`;
  const reasons = rows.map((row) => row.reason);
  assert.deepEqual(reasons, Array(8).fill("event_type_not_handled"));
  assert.ok(!stack.tiktok.calls.some((path) => path === "/order/202309/orders"));
});

test("characters that Postgres cannot store are left out; the order and the others are stored", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const altered = stack.tiktok.addOrder({
    shopId,
    detail: { buyer_email: "a\0b@example.com", recipient_address: { name: "R\ud800sa" } },
  });
  const orders = [...Array.from({ length: 5 }, () => stack.tiktok.addOrder({ shopId })), altered];
  for (const order of orders) {
    await sendTopic(stack, shopId, 11, {
      order_id: order.id,
      cancel_id: "a\0b",
      cancel_status: "\ud800",
    });
  }
  assert.deepEqual(await settledEvents(stack), { done: 6 });
  const { data } = await seller.client.from("orders").select("customer_email, shipping_address")
    .eq("tiktok_order_id", altered.id).single();
  assert.equal(data?.customer_email, "ab@example.com");
  assert.equal((data?.shipping_address as { name: string }).name, "R\ufffdsa");
});

test("an event without a shop is processed by its order if that is stored; notification id 0 does not count as an id", async (stack) => {
  const seller = await connectSeller(stack);
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await settledEvents(stack);
  stack.tiktok.changeOrder(order.id, "IN_TRANSIT");
  for (const id of [order.id, "576400000000000009"]) {
    const body =
      `{"type":1,"tts_notification_id":0,"timestamp":${pushTime()},"data":{"order_id":"${id}"}}`;
    await (await postWebhook(stack, body)).body?.cancel();
  }
  assert.deepEqual(await settledEvents(stack), { done: 2, ignored: 1 });
  assert.match(await orderState(seller, order.id), /^in_transit/);
  const [ignored] = await stack.sql`
    select reason from private.webhook_events where status = 'ignored'`;
  assert.equal(ignored?.reason, "no_shop_named");
});
