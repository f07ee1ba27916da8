/** What an order has besides its state, from TikTok's answer to the row and its timeline. */
import assert from "node:assert/strict";
import type { SimulatedOrder } from "../../local/simulators/tiktok/state.ts";
import {
  announceOrder,
  cancelUnit,
  countOrders,
  ORDER_KINDS,
  orderState,
  sendTopic,
  timelineOf,
} from "../support/orders.ts";
import { readReported } from "../support/reported.ts";
import { test } from "../support/shared_stack.ts";
import {
  type ConnectedSeller,
  connectSeller,
  failedEvent,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import { until } from "../support/until.ts";
import type { TestStack } from "../support/stack.ts";

async function rowOf(seller: ConnectedSeller, orderId: string) {
  const { data } = await seller.client.from("orders").select("*").eq("tiktok_order_id", orderId)
    .single();
  assert.ok(data);
  return { ...data, items: data.order_items as Record<string, unknown>[] };
}

async function sendAll(stack: TestStack, orders: SimulatedOrder[]): Promise<void> {
  await stack.tiktok.sendShuffled(orders, { concurrency: orders.length });
}

test("an order with empty text where a value does not apply comes in; one that cannot be read stops no other", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const { input, right } = await readReported("03-one-odd-order-in-a-batch");
  const others = () => Array.from({ length: 3 }, () => stack.tiktok.addOrder({ shopId }));
  const empty = stack.tiktok.addOrder({ shopId, detail: { line_items: [input.line_item] } });
  await sendAll(stack, [...others(), empty]);
  assert.deepEqual(await settledEvents(stack), { done: 4 });
  assert.equal(await countOrders(seller), right.orders_in);

  const line_items = [{ ...input.line_item, sale_price: "free" }];
  const odd = stack.tiktok.addOrder({ shopId, detail: { line_items } });
  await stack.sql`select public.request_order_sync(${shopId})`;
  await sendAll(stack, [...others(), odd]);
  const failed = await failedEvent(stack);
  assert.equal(failed.object_id, odd.id);
  assert.match(String(failed.last_error), /line_items\.0\.sale_price/);
  await runEventWorker(stack);
  // The webhooks' own function may still be storing one.
  await until(
    "the others are stored",
    async () => await countOrders(seller) === right.orders_in + 3 || undefined,
  );
});

test("one cancelled unit is in no quantity, and the timeline says who cancelled it and why", async (stack) => {
  const seller = await connectSeller(stack);
  const { input, right } = await readReported("05-one-unit-cancelled");
  const [, cancelled] = input.line_items;
  const order = await announceOrder(stack, { shopId: seller.shopId, quantity: 2 });
  await settledEvents(stack);
  const [before] = (await rowOf(seller, order.id)).items;
  assert.equal(before?.quantity, 2);

  const { cancel_reason, cancel_user } = cancelled;
  await sendAll(stack, [cancelUnit(stack, order.id, 1, { cancel_reason, cancel_user })]);
  await settledEvents(stack);
  const [item] = (await rowOf(seller, order.id)).items;
  const [kept, gone] = before?.line_item_ids as string[];
  assert.equal(item?.quantity, right.quantity);
  assert.deepEqual([item?.line_item_ids, item?.cancelled_line_item_ids], [[kept], [gone]]);
  assert.equal(await orderState(seller, order.id), "awaiting_shipment paid");
  assert.deepEqual((await timelineOf(seller, order.id)).at(-1)?.changes.units_cancelled, [{
    line_item_id: gone,
    cancelled_by: cancel_user,
    cancel_reason,
  }]);
});

test("sample orders and gifts are marked", async (stack) => {
  const seller = await connectSeller(stack);
  const { input, right } = await readReported("14-sample-and-gift");
  const order = await announceOrder(stack, { shopId: seller.shopId, detail: input });
  await settledEvents(stack);
  const row = await rowOf(seller, order.id);
  assert.equal(row.order_kind, right.order_kind);
  assert.equal(row.items[0]?.is_gift, right.is_gift);
});

test("an order that brings no revenue comes in without an amount; a sale waits for its amount", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const detail = { ...ORDER_KINDS.replacement, payment: undefined };
  const replacement = await announceOrder(stack, { shopId, detail });
  await settledEvents(stack);
  const { data } = await seller.client.from("orders").select("total_amount, currency, order_kind")
    .eq("tiktok_order_id", replacement.id).single();
  assert.deepEqual(data, { total_amount: 0, currency: "USD", order_kind: "replacement" });

  await announceOrder(stack, { shopId, detail: { payment: undefined } });
  await failedEvent(stack);
  assert.equal(await countOrders(seller), 1);
});

test("a buyer's cancellation request has its deadline until it is answered", async (stack) => {
  const seller = await connectSeller(stack);
  const request = { is_buyer_request_cancel: true, request_cancel_time: 1_790_000_000 };
  const order = await announceOrder(stack, { shopId: seller.shopId, detail: request });
  await settledEvents(stack);
  const asked = await rowOf(seller, order.id);
  assert.equal(Date.parse(asked.cancel_requested_at as string), 1_790_000_000_000);
  assert.equal(Date.parse(asked.cancel_respond_by as string), 1_790_172_800_000);

  // Without the scope the request still shows.
  const { openId } = stack.tiktok.state.get("shops", seller.shopId) ?? {};
  const scopes = stack.tiktok.state.get("logins", openId ?? "")?.scopes ?? [];
  const without = scopes.filter((scope) => !scope.startsWith("seller.return_refund"));
  stack.tiktok.addLogin({ openId: openId as string, scopes: without });
  const other = await announceOrder(stack, { shopId: seller.shopId, detail: request });
  await settledEvents(stack);
  const unknown = await rowOf(seller, other.id);
  assert.ok(unknown.cancel_requested_at !== null && unknown.cancel_respond_by === null);

  const answered = { is_buyer_request_cancel: false, request_cancel_time: 0 };
  const changed = stack.tiktok.changeOrder(order.id, "AWAITING_SHIPMENT", answered);
  await sendAll(stack, [changed]);
  await settledEvents(stack);
  const row = await rowOf(seller, order.id);
  assert.deepEqual([row.cancel_requested_at, row.cancel_respond_by], [null, null]);
});

test("two notices of one refund count once, also after the inbox has forgotten the first", async (stack) => {
  const seller = await connectSeller(stack);
  const { input, right } = await readReported("12-refund-told-twice");
  const payment = { currency: "USD", total_amount: input.order_total };
  const order = await announceOrder(stack, { shopId: seller.shopId, detail: { payment } });
  for (const { refund_id, refund_total } of input.notices) {
    await sendTopic(stack, seller.shopId, 67, {
      aftersales_request_id: refund_id,
      line_items: [{ main_order_id: order.id }],
      refund_currency: "USD",
      refund_total,
    });
    await settledEvents(stack);
    await stack.sql`delete from private.webhook_events`;
  }
  assert.equal((await rowOf(seller, order.id)).payment_status, right.payment_status);
  const totals = (await timelineOf(seller, order.id)).flatMap(({ changes }) =>
    changes.refund_total ?? []
  );
  assert.deepEqual(totals, [right.refunded]);
});

test("TikTok's mask replaces the address of a cancelled order", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await announceOrder(stack, { shopId: seller.shopId });
  await settledEvents(stack);
  assert.equal((await rowOf(seller, order.id)).address_status, "readable");
  await sendAll(stack, [stack.tiktok.changeOrder(order.id, "CANCELLED")]);
  await settledEvents(stack);
  const row = await rowOf(seller, order.id);
  assert.equal(row.address_status, "masked");
  assert.doesNotMatch(JSON.stringify(row), /Rosa|Alder/);
});

test("orders that were stored with fewer columns get them by a re-read, once", async (stack) => {
  const seller = await connectSeller(stack);
  const order = await announceOrder(stack, { shopId: seller.shopId });
  await settledEvents(stack);
  const whole = await rowOf(seller, order.id);
  await stack.sql`
    update public.orders set mapping_version = 0, ship_by = null, fulfillment_type = null,
      amounts = '{}', order_items = order_items #- '{0,units}'`;
  const reread = () =>
    fetch(`${stack.env.SUPABASE_URL}/functions/v1/event-worker/reread`, {
      method: "POST",
      headers: { apikey: stack.env.SUPABASE_SECRET_KEY },
      body: JSON.stringify({ shop_id: seller.shopId }),
    });
  const response = await reread();
  assert.equal(response.status, 202);
  assert.deepEqual(await response.json(), { requested: 1 });
  await settledEvents(stack);
  const row = await rowOf(seller, order.id);
  const { updated_at, tiktok_read_at } = row;
  assert.deepEqual(row, { ...whole, updated_at, tiktok_read_at });
  assert.deepEqual(await (await reread()).json(), { requested: 0 });
});
