/** Orders that a shop brings when it connects: which of them use the plan, and which come first. */
import assert from "node:assert/strict";
import { orderState } from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import {
  type ConnectedSeller,
  connectSeller,
  countedOrders,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

const SHOP = "7480000000000008000";
const DAY = 86_400;

interface Reported {
  input: { at_connect: Record<string, number> };
  right: { live_order: string; used: number; held: number };
}

async function readReported(name: string): Promise<Reported> {
  const url = new URL(`../fixtures/reported/${name}.json`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(url));
}

/** Adds orders that exist before the shop connects. Returns their ids. */
function addOrders(
  stack: TestStack,
  status: string,
  orders: number,
  detail: (n: number) => Record<string, unknown> = () => ({}),
): string[] {
  if (!stack.tiktok.state.get("shops", SHOP)) stack.tiktok.addShop({ id: SHOP });
  const yesterday = Math.floor(Date.now() / 1000) - DAY;
  return Array.from({ length: orders }, (_, n) => {
    const updateTime = yesterday + n;
    return stack.tiktok.addOrder({ shopId: SHOP, status, updateTime, detail: detail(n) }).id;
  });
}

async function usageOf(seller: ConnectedSeller): Promise<Record<string, unknown>> {
  const { data, error } = await seller.client.rpc("get_usage");
  assert.equal(error, null);
  return data as Record<string, unknown>;
}

test("reported 08: finished orders of a shop that connects leave the plan to the live one", async (stack) => {
  const { input, right } = await readReported("08-finished-orders-at-connect");
  const { AWAITING_SHIPMENT: live = 0, ...finished } = input.at_connect;
  for (const [status, orders] of Object.entries(finished)) addOrders(stack, status, orders);
  const [liveId] = addOrders(stack, "AWAITING_SHIPMENT", live);

  const seller = await connectSeller(stack, SHOP);
  assert.deepEqual(await settledEvents(stack), { done: 26 });

  assert.equal(right.live_order, "stored");
  assert.equal(await orderState(seller, liveId as string), "awaiting_shipment paid");
  const { used, held, not_counted } = await usageOf(seller);
  assert.deepEqual({ used, held, not_counted }, {
    used: right.used,
    held: right.held,
    not_counted: 25,
  });
});

test("a shop that connects brings 30 days of finished orders: they do not use the plan up, and the live ones that must be shipped first are stored", async (stack) => {
  // More than one page of the search and one batch of the worker, each with live orders; the most urgent
  // one is found last.
  addOrders(stack, "COMPLETED", 90);
  addOrders(stack, "CANCELLED", 10);
  const now = Math.floor(Date.now() / 1000);
  const live = addOrders(stack, "AWAITING_SHIPMENT", 14, (n) => ({
    rts_sla_time: now + (14 - n) * DAY,
    update_time: now - DAY + n * 7,
  }));

  const seller = await connectSeller(stack, SHOP);
  await settledEvents(stack);

  const { data } = await seller.client.from("orders").select("tiktok_order_id")
    .eq("counts_for_plan", true);
  assert.deepEqual(data?.map((row) => row.tiktok_order_id).sort(), live.slice(4).sort());
  const { used, limit, not_counted, held, held_to_ship, held_ship_by } = await usageOf(seller);
  assert.deepEqual([used, limit, not_counted, held, held_to_ship], [10, 10, 100, 4, 4]);
  assert.equal(Date.parse(held_ship_by as string), (now + 11 * DAY) * 1000);
  assert.equal((await runEventWorker(stack)).released, 0);
});

test('"my orders are frozen: which ones, until when?": a seller lists held orders, without data of the buyers', async (stack) => {
  const now = Math.floor(Date.now() / 1000);
  const ids = addOrders(stack, "AWAITING_SHIPMENT", 12, (n) => ({ rts_sla_time: now + n * DAY }));
  const seller = await connectSeller(stack, SHOP);
  await settledEvents(stack);

  const { data, error } = await seller.client.rpc("get_held_orders");

  assert.equal(error, null);
  const list = data as { total: number; orders: Record<string, unknown>[]; month_ends_at: string };
  assert.equal(list.total, 2);
  assert.deepEqual(list.orders.map((order) => order.tiktok_order_id), ids.slice(10));
  assert.deepEqual(Object.keys(list.orders[0] ?? {}).sort(), [
    "held_at",
    "order_status",
    "place",
    "ship_by",
    "shop_id",
    "tiktok_created_at",
    "tiktok_order_id",
  ]);
  assert.ok(Date.parse(list.month_ends_at) > Date.now());
  const other = await connectSeller(stack);
  const { data: others } = await other.client.rpc("get_held_orders");
  assert.equal((others as { total: number }).total, 0);
});

test("unpaid orders that are cancelled while new ones arrive give each place back once, and it is used at once", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const unpaid = Array.from(
    { length: 10 },
    () => stack.tiktok.addOrder({ shopId, status: "UNPAID" }),
  );
  for (const order of unpaid) await stack.tiktok.send(stack.tiktok.notificationOf(order));
  assert.deepEqual(await settledEvents(stack), { done: 10 });

  const cancelled = unpaid.slice(0, 6).map(({ id }) => stack.tiktok.changeOrder(id, "CANCELLED"));
  const fresh = Array.from({ length: 8 }, () => stack.tiktok.addOrder({ shopId }));
  await Promise.all(
    [...cancelled, ...cancelled, ...fresh].map((order) =>
      stack.tiktok.send(stack.tiktok.notificationOf(order))
    ),
  );

  assert.deepEqual(await settledEvents(stack), { done: 28, held: 2 });
  assert.equal(await countedOrders(stack, seller.id), 10);
  const { not_counted, held } = await usageOf(seller);
  assert.deepEqual({ not_counted, held }, { not_counted: 6, held: 2 });
});
