/** The columns that ingest_order writes, and those that it keeps. */
import assert from "node:assert/strict";
import { type ConnectedSeller, connectSeller, settledEvents } from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";
import { allowProblems } from "../support/tiktok_openapi/watch_calls.ts";
import type { SimulatedOrder } from "../../local/simulators/tiktok/state.ts";

/** Puts this state of the order into the simulator, and sends its webhook. */
async function announce(stack: TestStack, order: SimulatedOrder): Promise<void> {
  stack.tiktok.state.put("orders", order.id, order);
  assert.equal(await stack.tiktok.send(stack.tiktok.notificationOf(order)), 200);
  await settledEvents(stack);
}

function withDetail(order: SimulatedOrder, detail: Record<string, unknown>): SimulatedOrder {
  return { ...order, detail: { ...order.detail, ...detail } as SimulatedOrder["detail"] };
}

async function onlyOrder(seller: ConnectedSeller) {
  const { data } = await seller.client.from("orders").select("*");
  assert.equal(data?.length, 1);
  return data[0] as NonNullable<typeof data[0]>;
}

test("an older state never overwrites a newer one", async (stack) => {
  const seller = await connectSeller(stack);
  const paid = stack.tiktok.addOrder({ shopId: seller.shopId, updateTime: 1_790_000_000 });
  const delivered = withDetail(paid, { status: "DELIVERED", update_time: 1_790_000_500 });

  await announce(stack, delivered);
  await announce(stack, paid);

  const order = await onlyOrder(seller);
  assert.equal(order.order_status, "delivered");
  assert.equal(Date.parse(order.tiktok_updated_at), 1_790_000_500_000);
  assert.deepEqual(await settledEvents(stack), { done: 2 });
});

test("a readable address is overwritten only by a readable one", async (stack) => {
  const seller = await connectSeller(stack);
  const open = stack.tiktok.addOrder({ shopId: seller.shopId, updateTime: 1_790_000_000 });
  await announce(stack, open);
  const before = await onlyOrder(seller);
  assert.equal(before.address_status, "readable");

  const { recipient_address: address, ...rest } = open.detail;
  const worse = [
    { ...address as object, name: "R***", address_line1: "11***", full_address: "11***" },
    { region_code: "US", name: "", address_line1: "", full_address: "", postal_code: "" },
    undefined,
  ];
  for (const [step, recipient] of worse.entries()) {
    await announce(stack, {
      ...open,
      detail: {
        ...rest,
        update_time: 1_790_000_001 + step,
        ...(recipient && { recipient_address: recipient }),
      } as SimulatedOrder["detail"],
    });
    const order = await onlyOrder(seller);
    assert.deepEqual(order.shipping_address, before.shipping_address);
    assert.equal(order.address_status, "readable");
    assert.equal(Date.parse(order.tiktok_updated_at), (1_790_000_001 + step) * 1000);
  }

  const moved = { ...address as object, address_line1: "7 Elm Court", address_line2: "" };
  await announce(stack, withDetail(open, { update_time: 1_790_000_100, recipient_address: moved }));
  const { line1, line2 } = (await onlyOrder(seller)).shipping_address as Record<string, unknown>;
  assert.deepEqual([line1, line2], ["7 Elm Court", null]);
});

test("an order without address gets its masked one, and then its readable one", async (stack) => {
  const seller = await connectSeller(stack);
  const readable = stack.tiktok.addOrder({ shopId: seller.shopId, updateTime: 1_790_000_000 });
  const { recipient_address: address, ...rest } = readable.detail;
  await announce(stack, { ...readable, detail: { ...rest, status: "ON_HOLD" } as never });
  assert.deepEqual((await onlyOrder(seller)).shipping_address, {});

  const masked = { ...address as object, address_line1: "11***" };
  await announce(
    stack,
    withDetail(readable, { update_time: 1_790_000_001, recipient_address: masked }),
  );
  assert.equal((await onlyOrder(seller)).address_status, "masked");

  await announce(stack, withDetail(readable, { update_time: 1_790_000_002 }));
  assert.equal((await onlyOrder(seller)).address_status, "readable");
});

test("new statuses, unknown fields and missing parts change nothing else", async (stack) => {
  allowProblems(/not "is_subscription_order", "something"/);
  const seller = await connectSeller(stack);
  const order = stack.tiktok.addOrder({
    shopId: seller.shopId,
    updateTime: 1_790_000_000,
    quantity: 2,
    detail: { is_subscription_order: true, something: { new: [1, 2] } },
  });
  await announce(stack, order);
  const before = await onlyOrder(seller);

  // TikTok omits what does not apply.
  const { id, status: _, create_time } = order.detail;
  await announce(stack, {
    ...order,
    detail: { id, status: "TELEPORTED", create_time, update_time: 1_790_000_001 } as never,
  });

  const after = await onlyOrder(seller);
  assert.equal(after.tiktok_status, "TELEPORTED");
  const { tiktok_status, tiktok_updated_at, tiktok_read_at, updated_at } = after;
  const times = { tiktok_updated_at, tiktok_read_at, updated_at };
  // Which step comes next is unknown, and so is its deadline.
  assert.deepEqual(after, { ...before, ...times, tiktok_status, auto_cancel_at: null });
  assert.ok(Date.parse(after.updated_at) > Date.parse(before.updated_at));
});

test("amounts are exact: one with more than two decimals is refused, not rounded", async (stack) => {
  const seller = await connectSeller(stack);
  const amounts = { payment: { currency: "IDR", total_amount: "159000000", shipping_fee: "0.10" } };
  const order = stack.tiktok.addOrder({ shopId: seller.shopId, detail: amounts });
  await announce(stack, order);
  const [row] = await stack.sql`select total_amount, shipping_cost, currency from public.orders`;
  assert.deepEqual({ ...row }, {
    total_amount: "159000000.00",
    shipping_cost: "0.10",
    currency: "IDR",
  });

  const odd = stack.tiktok.addOrder({
    shopId: seller.shopId,
    detail: { payment: { currency: "USD", total_amount: "1.005" } },
  });
  await stack.tiktok.send(stack.tiktok.notificationOf(odd));
  const [event] = await stack.sql`
    select status, last_error from private.webhook_events where object_id = ${odd.id}`;
  assert.notEqual(event?.status, "done");
  assert.equal((await stack.sql`select from public.orders`).length, 1);
});

test("an event without a connected shop is ignored with a reason, and stores no order", async (stack) => {
  const seller = await connectSeller(stack);
  await stack.sql`
    select public.disconnect_tiktok_shop(user_id, id) from public.tiktok_shops
    where user_id = ${seller.id}`;
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  await announce(stack, order);
  const [event] = await stack.sql`select status, reason from private.webhook_events`;
  assert.deepEqual({ ...event }, { status: "ignored", reason: "shop_not_connected" });
  assert.equal((await stack.sql`select from public.orders`).length, 0);
});
