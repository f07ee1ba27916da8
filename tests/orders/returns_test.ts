/** Returns of shops whose app has no topic for refunds: TikTok's notice of a return names no amount. */
import assert from "node:assert/strict";
import { authorizeSimulatedShop, connectWithCode } from "../../local/stack/seller.ts";
import { callOAuth } from "../support/oauth.ts";
import {
  announceOrder,
  cancelUnit,
  countOrders,
  orderState,
  sendTopic,
  syncOrders,
  timelineOf,
} from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import {
  type ConnectedSeller,
  connectSeller,
  failedEvent,
  runEventWorker,
  settledEvents,
  subscribe,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const SEARCH = "/return_refund/202309/returns/search";

async function deliveredOrder(stack: TestStack, { shopId }: ConnectedSeller): Promise<string> {
  const { id } = await announceOrder(stack, { shopId, status: "DELIVERED", price: "20.00" });
  await settledEvents(stack);
  return id;
}

function notice(return_id: string, order_id: string) {
  return {
    ...{ order_id, return_id, return_type: "RETURN_AND_REFUND", return_role: "BUYER" },
    return_status: "RETURN_OR_REFUND_REQUEST_COMPLETE",
  };
}

/** TikTok pays a buyer back and sends topic 12. */
async function payBack(
  stack: TestStack,
  { shopId }: ConnectedSeller,
  orderId: string,
  total: string,
): Promise<string> {
  const returnId = stack.tiktok.returns.payBack(orderId, total);
  await sendTopic(stack, shopId, 12, notice(returnId, orderId));
  return returnId;
}

async function refundedOf({ client }: ConnectedSeller): Promise<string> {
  const { data } = await client.rpc("get_dashboard_metrics");
  const { revenue } = data as { revenue: { refunded: string }[] };
  return revenue.map(({ refunded }) => refunded).join();
}

test("what a buyer got for a return is paid back once, however often TikTok reports it", async (stack) => {
  const seller = await connectSeller(stack);
  const orderId = await deliveredOrder(stack, seller);
  const first = await payBack(stack, seller, orderId, "5.00");
  await settledEvents(stack);
  assert.equal(await orderState(seller, orderId), "delivered partially_refunded");
  assert.equal(await refundedOf(seller), "5.00");

  await sendTopic(stack, seller.shopId, 12, notice(first, orderId));
  await settledEvents(stack);
  assert.equal(await refundedOf(seller), "5.00");

  await payBack(stack, seller, orderId, "19.99");
  await settledEvents(stack);
  assert.equal(await orderState(seller, orderId), "delivered refunded");
  assert.equal(await refundedOf(seller), "24.99");
  const changes = (await timelineOf(seller, orderId)).map((entry) => entry.changes);
  assert.deepEqual(changes.flatMap((entry) => entry.refund_total ?? []), ["5.00", "19.99"]);
});

test("the refund of a return that REFUND_SUCCESS reports as well counts once", async (stack) => {
  const seller = await connectSeller(stack);
  const orderId = await deliveredOrder(stack, seller);
  const report = (refund_total: string, rma_id: string) =>
    sendTopic(stack, seller.shopId, 67, {
      ...{ aftersales_request_id: "1", rma_id, refund_currency: "USD", refund_total },
      line_items: [{ main_order_id: orderId, sku_id: "3" }],
    });
  await payBack(stack, seller, orderId, "5.00");
  await report("5.00", "2");
  await settledEvents(stack);
  assert.equal(await refundedOf(seller), "5.00");
  // A refund without a return.
  await report("2.00", "3");
  await settledEvents(stack);
  assert.equal(await refundedOf(seller), "7.00");
  assert.equal(await orderState(seller, orderId), "delivered partially_refunded");
});

test("while TikTok does not say what a return paid back, its notice waits and no other event does", async (stack) => {
  const seller = await connectSeller(stack);
  const orderId = await deliveredOrder(stack, seller);
  stack.tiktok.faults.add({ kind: "internal", path: SEARCH });
  const other = stack.tiktok.addOrder({ shopId: seller.shopId });
  await payBack(stack, seller, orderId, "5.00");
  await stack.tiktok.send(stack.tiktok.notificationOf(other));
  assert.equal((await failedEvent(stack)).event_type, "RETURN_STATUS_CHANGE");
  await until(
    "the other order is stored",
    async () => await countOrders(seller) === 2 || undefined,
  );
  assert.equal(await refundedOf(seller), "0.00");

  stack.tiktok.faults.clear();
  await stack.sql`update private.event_queue set next_attempt_at = now()`;
  await runEventWorker(stack);
  await settledEvents(stack);
  assert.equal(await refundedOf(seller), "5.00");
});

test("a return without an amount, or of an app without the scope, is in the timeline", async (stack) => {
  const seller = await connectSeller(stack);
  const orderId = await deliveredOrder(stack, seller);
  await sendTopic(stack, seller.shopId, 12, notice("403500000000000000", orderId));
  await settledEvents(stack);
  const { openId } = stack.tiktok.state.get("shops", seller.shopId) ?? {};
  const { scopes = [] } = stack.tiktok.state.get("logins", openId ?? "") ?? {};
  const without = scopes.filter((scope) => !scope.startsWith("seller.return_refund"));
  stack.tiktok.addLogin({ openId: openId as string, scopes: without });
  await payBack(stack, seller, orderId, "5.00");
  await settledEvents(stack);

  const changes = (await timelineOf(seller, orderId)).map((entry) => entry.changes);
  assert.equal(changes.filter((entry) => entry.return_status !== undefined).length, 2);
  assert.equal(await orderState(seller, orderId), "delivered paid");
});

async function refundsOf(seller: ConnectedSeller, orderId: string): Promise<unknown[]> {
  const timeline = await timelineOf(seller, orderId);
  return timeline.flatMap(({ changes }) => changes.refund_total ?? []);
}

test("the refund of a return whose notice was lost is found by a sync, once", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const announced = await deliveredOrder(stack, seller);
  const lost = await deliveredOrder(stack, seller);
  await payBack(stack, seller, announced, "3.00");
  await settledEvents(stack);
  const returnId = stack.tiktok.returns.payBack(lost, "5.00");

  await syncOrders(stack, shopId);
  await syncOrders(stack, shopId);
  assert.equal(await orderState(seller, lost), "delivered partially_refunded");
  assert.equal(await refundedOf(seller), "8.00");
  const entries = (await timelineOf(seller, lost)).filter(({ type }) => type === "RETURN_FOUND");
  assert.deepEqual(entries.map(({ changes }) => changes), [{
    ...{ return_id: returnId, return_type: "RETURN_AND_REFUND", return_role: "BUYER" },
    ...{ return_status: "RETURN_OR_REFUND_REQUEST_COMPLETE" },
    ...{ refund_id: `return/${returnId}`, refund_total: "5.00" },
    payment_status: { from: "paid", to: "partially_refunded" },
  }]);

  await sendTopic(stack, shopId, 12, notice(returnId, lost));
  await settledEvents(stack);
  assert.deepEqual(await refundsOf(seller, lost), ["5.00"], "its notice arrives late");
  assert.deepEqual(await refundsOf(seller, announced), ["3.00"]);
});

test("a sync reads many returns in pages, and of an outage in between the next one makes up", async (stack) => {
  const seller = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  const { shopId } = seller;
  const now = Math.floor(Date.now() / 1000);
  await stack.sql`
    update public.tiktok_shops set returns_synced_until = to_timestamp(${now - 20_000})`;
  for (let n = 0; n < 70; n++) {
    const { id } = stack.tiktok.addOrder({ shopId, status: "DELIVERED", updateTime: now - 10_000 });
    stack.tiktok.returns.payBack(id, "1.00", now - 10_000 + n);
  }
  stack.tiktok.faults.observe = ({ path, phase }) => {
    if (phase === "arrived" || path !== SEARCH) return;
    delete stack.tiktok.faults.observe;
    // The second page fails at every attempt of the client.
    stack.tiktok.faults.add({ path: SEARCH, kind: "internal" });
  };
  await stack.sql`select public.request_order_sync(${shopId})`;
  await runEventWorker(stack);
  const synced = await stack.sql`
    select status from private.webhook_events where event_type = 'SYNC_ORDERS'`;
  assert.deepEqual(
    synced.map(({ status }) => status),
    ["done"],
    "the orders are found even so",
  );

  stack.tiktok.faults.clear();
  await stack.sql`update private.event_queue set next_attempt_at = now()`;
  await runEventWorker(stack);
  await settledEvents(stack);
  assert.equal(await refundedOf(seller), "50.00");
  await syncOrders(stack, shopId);
  await settledEvents(stack);
  assert.equal(await refundedOf(seller), "70.00");
  assert.equal(await countOrders(seller), 70);
});

test("what an app without the scope could not read is known once a seller has granted it", async (stack) => {
  const seller = await connectSeller(stack);
  const { openId = "" } = stack.tiktok.state.get("shops", seller.shopId) ?? {};
  const { scopes = [] } = stack.tiktok.state.get("logins", openId) ?? {};
  const without = scopes.filter((scope) => !scope.startsWith("seller.return_refund"));
  stack.tiktok.addLogin({ openId, scopes: without });
  await stack.sql`update public.tiktok_shops set returns_synced_until = null`;
  const orderId = await deliveredOrder(stack, seller);
  await payBack(stack, seller, orderId, "5.00");
  await syncOrders(stack, seller.shopId);
  await settledEvents(stack);
  assert.equal(await refundedOf(seller), "0.00");
  const [mark] = await stack.sql`
    select returns_synced_until < now() - interval '29 days' as is_kept from public.tiktok_shops`;
  assert.equal(mark?.is_kept, true, "the next search begins there, whenever it comes");

  stack.tiktok.addLogin({ openId, scopes });
  await syncOrders(stack, seller.shopId);
  await settledEvents(stack);
  assert.equal(await refundedOf(seller), "5.00");
});

test("what was paid back while the shop was disconnected is known once it is connected again", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const orderId = await deliveredOrder(stack, seller);
  const { data } = await seller.client.from("tiktok_shops").select("id").single();
  const { status } = await callOAuth(stack, "DELETE", `/shops/${data?.id}`, { seller });
  assert.equal(status, 204);
  await payBack(stack, seller, orderId, "5.00");
  stack.tiktok.returns.payBack(orderId, "2.00");
  await settledEvents(stack);
  assert.deepEqual(await refundsOf(seller, orderId), []);

  await connectWithCode(stack.env, seller, await authorizeSimulatedShop(stack.env, shopId));
  await settledEvents(stack);
  assert.equal(await refundedOf(seller), "7.00");
});

test("a cancellation and a cancelled unit whose notices were lost are found by a sync", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const updateTime = Math.floor(Date.now() / 1000) - 60;
  const announce = (quantity: number) =>
    announceOrder(stack, { shopId, quantity, price: "20.00", updateTime });
  const [whole, part, asked] = [await announce(1), await announce(2), await announce(1)];
  await settledEvents(stack);
  stack.tiktok.changeOrder(whole.id, "CANCELLED", { cancellation_initiator: "BUYER" });
  cancelUnit(stack, part.id, 0, { cancel_user: "BUYER" });
  const request = { is_buyer_request_cancel: true, request_cancel_time: updateTime };
  stack.tiktok.changeOrder(asked.id, "AWAITING_SHIPMENT", request);

  await syncOrders(stack, shopId);
  await settledEvents(stack);
  assert.equal(await orderState(seller, whole.id), "cancelled refunded");
  assert.equal(await refundedOf(seller), "20.00", "the unit; a cancelled order is not revenue");
  const { data } = await seller.client.from("orders").select("cancel_respond_by")
    .eq("tiktok_order_id", asked.id).single();
  assert.ok(data?.cancel_respond_by, "until when the seller may answer");
});
