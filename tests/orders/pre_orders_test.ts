/** Pre-orders: on hold, and unpaid until a day before the release. */
import assert from "node:assert/strict";
import { announceOrder, orderState } from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import {
  type ConnectedSeller,
  connectSeller,
  countedOrders,
  settledEvents,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const RELEASE = Math.floor(Date.now() / 1000) + 60 * 24 * 3600;

async function announcePreOrder(stack: TestStack, { shopId }: ConnectedSeller): Promise<string> {
  const detail = { order_type: "PRE_ORDER", release_date: RELEASE, paid_time: 0 };
  const order = await announceOrder(stack, { shopId, status: "ON_HOLD", detail });
  await settledEvents(stack);
  return order.id;
}

async function change(
  stack: TestStack,
  orderId: string,
  status: string,
  paid_time: number,
): Promise<void> {
  const order = stack.tiktok.changeOrder(orderId, status, { paid_time });
  assert.equal(await stack.tiktok.send(stack.tiktok.notificationOf(order)), 200);
  await settledEvents(stack);
}

async function earningOrders({ client }: ConnectedSeller): Promise<number> {
  const { data } = await client.rpc("get_dashboard_metrics");
  const { revenue } = data as { revenue: { orders: number }[] };
  return revenue.reduce((sum, { orders }) => sum + orders, 0);
}

test("a pre-order that is not paid yet brings no revenue, and gives its place back if it is cancelled", async (stack) => {
  const seller = await connectSeller(stack);
  const orderId = await announcePreOrder(stack, seller);
  assert.equal(await orderState(seller, orderId), "on_hold pending");
  assert.deepEqual([await earningOrders(seller), await countedOrders(stack, seller.id)], [0, 1]);

  await change(stack, orderId, "CANCELLED", 0);
  assert.equal(await orderState(seller, orderId), "cancelled cancelled");
  assert.deepEqual([await earningOrders(seller), await countedOrders(stack, seller.id)], [0, 0]);
});

test("a pre-order that was paid brings revenue, and keeps its place if it is cancelled", async (stack) => {
  const seller = await connectSeller(stack);
  const orderId = await announcePreOrder(stack, seller);
  await change(stack, orderId, "ON_HOLD", RELEASE - 24 * 3600);
  assert.equal(await orderState(seller, orderId), "on_hold paid");
  assert.deepEqual([await earningOrders(seller), await countedOrders(stack, seller.id)], [1, 1]);

  await change(stack, orderId, "CANCELLED", RELEASE - 24 * 3600);
  assert.equal(await orderState(seller, orderId), "cancelled refunded");
  assert.deepEqual([await earningOrders(seller), await countedOrders(stack, seller.id)], [0, 1]);
});
