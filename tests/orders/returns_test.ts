/** Returns of shops whose app has no topic for refunds: TikTok's notice of a return names no amount. */
import assert from "node:assert/strict";
import {
  announceOrder,
  countOrders,
  orderState,
  sendTopic,
  timelineOf,
} from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import {
  type ConnectedSeller,
  connectSeller,
  failedEvent,
  runEventWorker,
  settledEvents,
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
  const returnId = stack.tiktok.refundReturn(orderId, total);
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
