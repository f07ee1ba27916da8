/** The sync of orders: finds the orders whose webhooks were missed. */
import assert from "node:assert/strict";
import { readFunctionLog } from "../support/logs.ts";
import { announceOrder, countOrders, listOrderIds, orderState } from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import {
  connectSeller,
  countEvents,
  letTimePass,
  runEventWorker,
  settledEvents,
  subscribe,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

async function requestSync(
  stack: TestStack,
  body: unknown,
  apikey = stack.env.SUPABASE_SECRET_KEY,
): Promise<{ status: number; code?: string; requested?: number }> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/event-worker/sync`, {
    method: "POST",
    headers: { apikey },
    body: JSON.stringify(body),
  });
  return { status: response.status, ...await response.json() };
}

test("a sync is refused without a secret key, for an unknown shop, and with a wrong body", async (stack) => {
  const { shopId } = await connectSeller(stack);
  const { SUPABASE_PUBLISHABLE_KEY } = stack.env;

  const refused = await requestSync(stack, { shop_id: shopId }, SUPABASE_PUBLISHABLE_KEY);
  assert.equal(refused.status, 403);
  assert.equal((await requestSync(stack, { shop_id: "1" })).code, "shop_not_connected");
  assert.equal((await requestSync(stack, { shop_id: 7 })).code, "invalid_body");

  assert.equal(await countEvents(stack), 0);
});

test("a sync finds missed orders and missed changes, counts and logs them; a second one finds nothing", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const updateTime = Math.floor(Date.now() / 1000) - 60;
  const missed = stack.tiktok.addOrder({ shopId, updateTime });
  const changed = await announceOrder(stack, { shopId, updateTime });
  await settledEvents(stack);
  stack.tiktok.changeOrder(changed.id, "IN_TRANSIT");

  const { status, requested } = await requestSync(stack, { shop_id: shopId });

  assert.deepEqual([status, requested], [202, 1]);
  await settledEvents(stack);
  await until("both orders are stored", async () => await countOrders(seller) === 2);
  await settledEvents(stack);
  assert.equal(await orderState(seller, missed.id), "awaiting_shipment paid");
  assert.match(await orderState(seller, changed.id), /^in_transit/);
  const logged = await stack.sql`
    select details from public.system_logs where event_type = 'orders_missed'`;
  assert.deepEqual(logged.map((row) => row.details), [{ shop_id: shopId, orders: 2 }]);
  const log = await readFunctionLog(stack);
  assert.match(log, /"message":"orders synced".*"missed":2/);

  const events = await countEvents(stack);
  assert.equal((await requestSync(stack, {})).requested, 1);
  await settledEvents(stack);
  assert.equal(await countEvents(stack), events + 1, "the sync itself, without any order");
});

test("a sync reads many orders in pages, moves its watermark with each page, and continues after a failure", async (stack) => {
  const seller = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  const { shopId } = seller;
  const now = Math.floor(Date.now() / 1000);
  for (let n = 0; n < 250; n++) stack.tiktok.addOrder({ shopId, updateTime: now - 10_000 + n });
  await stack.sql`update public.tiktok_shops set orders_synced_until = to_timestamp(${
    now - 20_000
  })`;
  await stack.sql`select public.request_order_sync(${shopId})`;
  // The second page fails at every attempt of the client.
  const search = "/order/202309/orders/search";
  const calls = () => stack.tiktok.calls.filter((path) => path === search).length;
  const before = calls();
  const run = runEventWorker(stack);
  await until("the first page was read", () => Promise.resolve(calls() > before));
  stack.tiktok.faults.add({ path: search, kind: "internal" });
  await run;
  const watermark = async () => {
    const [row] = await stack.sql`
      select extract(epoch from orders_synced_until)::int as watermark from public.tiktok_shops`;
    return row?.watermark as number;
  };
  const first = await watermark();
  assert.ok(first >= now - 9_901 && first <= now + 1, `${first - now} s from now`);
  stack.tiktok.faults.clear();
  await letTimePass(stack);
  await runEventWorker(stack);
  await letTimePass(stack);
  await runEventWorker(stack);
  assert.equal((await settledEvents(stack)).done, 251);
  assert.ok(await watermark() >= now);
  const [row] = await stack.sql`select count(*)::int as orders from public.orders`;
  assert.equal(row?.orders, 250);
});

test("a first sync that succeeds late begins where the first one would have begun", async (stack) => {
  const seller = await connectSeller(stack);
  const days = (n: number) => Math.floor(Date.now() / 1000) - n * 86_400;
  // Since then TikTok has refused to show orders.
  await stack.sql`
    update public.tiktok_shops
    set created_at = now() - interval '40 days', orders_synced_until = null, first_sync_done = false`;
  const { id } = stack.tiktok.addOrder({ shopId: seller.shopId, updateTime: days(35) });
  stack.tiktok.addOrder({ shopId: seller.shopId, updateTime: days(75) });
  await stack.sql`select public.request_order_sync(${seller.shopId})`;
  await runEventWorker(stack);
  await settledEvents(stack);
  assert.deepEqual(await listOrderIds(seller), [id]);
});

test("an order that changes while a sync reads pages hides no other order", async (stack) => {
  const seller = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  const { shopId } = seller;
  const now = Math.floor(Date.now() / 1000);
  const [first = ""] = Array.from({ length: 150 }, (_, n) => {
    return stack.tiktok.addOrder({ shopId, updateTime: now - 10_000 + n }).id;
  });
  await stack.sql`update public.tiktok_shops set orders_synced_until = to_timestamp(${
    now - 20_000
  })`;
  await stack.sql`select public.request_order_sync(${shopId})`;
  // After the first page the order is no longer in its place: every later one is one place further ahead.
  stack.tiktok.faults.observe = ({ path, phase }) => {
    if (phase === "arrived" || path !== "/order/202309/orders/search") return;
    delete stack.tiktok.faults.observe;
    stack.tiktok.changeOrder(first, "IN_TRANSIT");
  };
  await runEventWorker(stack);
  await settledEvents(stack);
  const [row] = await stack.sql`select count(*)::int as orders from public.orders`;
  assert.equal(row?.orders, 150);
});
