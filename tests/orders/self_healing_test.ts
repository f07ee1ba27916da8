/** What heals without an operator: long outages, deactivated shops, lost webhooks. */
import assert from "node:assert/strict";
import { authorizeSimulatedShop, connectWithCode } from "../../local/stack/seller.ts";
import { SUBSCRIBED_TOPICS } from "../../shared/tiktok/webhooks/subscriptions.ts";
import { processDueEvents } from "../support/labels.ts";
import { readFunctionLog } from "../support/logs.ts";
import { announceOrder, countOrders } from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import {
  connectSeller,
  failedEvent,
  letTimePass,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

async function readFixture(name: string) {
  const url = new URL(`../fixtures/reported/${name}.json`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(url));
}

/** Number of events about orders, by status. */
async function countByStatus(stack: TestStack): Promise<Record<string, number>> {
  const rows = await stack.sql`
    select status, count(*)::int as events from private.webhook_events
    where object_id is not null group by status order by status`;
  return Object.fromEntries(rows.map((row) => [row.status, row.events]));
}

/** The next hour begins: events that are tried each hour are due. */
async function letAnHourPass(stack: TestStack): Promise<void> {
  await stack.sql`
    update private.event_queue set next_attempt_at = next_attempt_at - interval '1 hour'
    where status in ('pending', 'failing')`;
}

test("an outage of one TikTok call that is longer than all retries: every order is in within an hour of the recovery", async (stack) => {
  const { input } = await readFixture("11-outage-longer-than-the-retries");
  const seller = await connectSeller(stack);
  stack.tiktok.faults.add({ path: /^\/order\/202309\/orders$/, kind: "internal" });
  const ids: string[] = [];
  for (let n = 0; n < input.orders_meanwhile; n++) {
    const order = stack.tiktok.addOrder({ shopId: seller.shopId });
    ids.push(order.id);
    await stack.tiktok.send(stack.tiktok.notificationOf(order));
  }
  await processDueEvents(stack);
  // Nine of the ten attempts, without waiting for them. Get Order List works all the time.
  await stack.sql`update private.webhook_events set attempts = 9 where status = 'pending'`;
  await letTimePass(stack);
  await stack.sql`select public.request_order_sync()`;
  await runEventWorker(stack);
  await stack.sql`update private.webhook_events set attempts = 9 where status = 'pending'`;
  await letTimePass(stack);
  await runEventWorker(stack);
  const { failing = 0, ...others } = await countByStatus(stack);
  assert.ok(failing >= ids.length, JSON.stringify({ failing, ...others }));
  assert.equal(await countOrders(seller), 0);
  const [{ passed } = {}] = await stack.sql`
    select orders_synced_until > now() - interval '1 minute' as passed from public.tiktok_shops`;
  assert.equal(passed, true, "the sync's mark has passed them");

  stack.tiktok.faults.clear();
  assert.deepEqual((await runEventWorker(stack)).events, {}, "not before the hour");
  await letAnHourPass(stack);
  await runEventWorker(stack);
  assert.equal(await countOrders(seller), ids.length);
  assert.deepEqual(Object.keys(await settledEvents(stack)).sort(), ["done"]);
});

test("36009043, TikTok has deactivated the shop: its events wait without losing attempts, and follow when a probe succeeds", async (stack) => {
  const seller = await connectSeller(stack);
  stack.tiktok.setInactive(seller.shopId, "shop");
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await processDueEvents(stack);
  const connection = async () => {
    const { data } = await seller.client.from("tiktok_shops")
      .select("connection_status, status_reason").single();
    return data;
  };
  assert.deepEqual(await connection(), {
    connection_status: "paused",
    status_reason: "shop_inactive",
  });
  const calls = stack.tiktok.calls.length;
  for (let hour = 0; hour < 12; hour++) {
    await letTimePass(stack);
    await runEventWorker(stack);
  }
  assert.equal(stack.tiktok.calls.length, calls, "TikTok is not called");
  const [waiting] = await stack.sql`
    select status, attempts, next_attempt_at > now() + interval '23 hours' as a_day
    from private.inbox_events where object_id = ${order.id}`;
  assert.deepEqual({ ...waiting }, { status: "pending", attempts: 0, a_day: true });

  const probe = async () => {
    await stack.sql`update public.tiktok_shops set probe_at = now()`;
    await stack.sql`select public.request_source_checks()`;
    await runEventWorker(stack);
  };
  await probe();
  assert.equal((await connection())?.connection_status, "paused");
  assert.deepEqual(stack.tiktok.refreshes, []);
  stack.tiktok.setInactive(seller.shopId, false);
  await probe();
  assert.deepEqual(await connection(), { connection_status: "active", status_reason: null });
  assert.equal(await countOrders(seller), 1);
});

test("36009044, TikTok has deactivated the seller: every shop of the login is paused, and its removal still counts", async (stack) => {
  const seller = await connectSeller(stack);
  stack.tiktok.setInactive(seller.shopId, "seller");
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await processDueEvents(stack);
  const reason = async () => {
    const { data } = await seller.client.from("tiktok_shops").select("status_reason").single();
    return data?.status_reason;
  };
  assert.equal(await reason(), "seller_inactive");
  await stack.tiktok.send(stack.tiktok.deauthorize(seller.shopId));
  await processDueEvents(stack);
  assert.equal(await reason(), "deauthorized");
});

test("101000, the shop's cipher has changed: a sync reads the new one, and what waited comes in", async (stack) => {
  const seller = await connectSeller(stack);
  const shop = stack.tiktok.state.get("shops", seller.shopId);
  stack.tiktok.addShop({ ...shop, id: seller.shopId, cipher: "ROW_changed" });
  await announceOrder(stack, { shopId: seller.shopId });
  await failedEvent(stack);
  await stack.sql`select public.request_order_sync()`;
  await processDueEvents(stack);
  assert.equal(await countOrders(seller), 0);
  await letTimePass(stack);
  await runEventWorker(stack);
  assert.equal(await countOrders(seller), 1);
  assert.deepEqual(Object.keys(await settledEvents(stack)), ["done"]);
});

test("101000, another TikTok login owns the shop now: its connection ends, and its seller reads why", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const shop = stack.tiktok.state.get("shops", shopId);
  stack.tiktok.addShop({ ...shop, id: shopId, openId: "open_of_the_new_owner" });
  await announceOrder(stack, { shopId });
  await failedEvent(stack);
  await stack.sql`select public.request_order_sync()`;
  await processDueEvents(stack);
  const { data } = await seller.client.from("tiktok_shops")
    .select("connection_status, status_reason").single();
  assert.deepEqual(data, { connection_status: "needs_reauth", status_reason: "not_authorized" });
  const calls = stack.tiktok.calls.length;
  await letTimePass(stack);
  await runEventWorker(stack);
  assert.equal(stack.tiktok.calls.length, calls, "TikTok is not called");

  await connectWithCode(stack.env, seller, await authorizeSimulatedShop(stack.env, shopId));
  await settledEvents(stack);
  assert.equal(await countOrders(seller), 1);
});

test("a source has gone silent: a TikTok subscription that is lost is put back the next day", async (stack) => {
  const seller = await connectSeller(stack);
  stack.tiktok.loseSubscription(seller.shopId, "ORDER_STATUS_CHANGE");
  stack.tiktok.loseSubscription(seller.shopId, "PACKAGE_UPDATE");
  await stack.sql`update public.tiktok_shops set connected_at = now() - interval '2 days'`;
  await stack.sql`select public.request_source_checks()`;
  await runEventWorker(stack);
  const subscribed = stack.tiktok.state.all("subscriptions").map(({ eventType }) => eventType);
  assert.deepEqual(subscribed.sort(), [...SUBSCRIBED_TOPICS].sort());
  const logged = await stack.sql`
    select details from public.system_logs where event_type = 'webhooks_restored'`;
  assert.deepEqual(logged.map((row) => row.details), [{
    shop_id: seller.shopId,
    topics: ["ORDER_STATUS_CHANGE", "PACKAGE_UPDATE"],
  }]);
  const log = await readFunctionLog(stack);
  assert.match(log, /"message":"webhooks restored"/);
});

test("a source has gone silent: EasyPost's webhook that was switched off is switched on again, and a missing one is reported", async (stack) => {
  await connectSeller(stack);
  const check = async () => {
    await stack.sql`delete from private.webhook_events where event_type = 'CHECK_SOURCES'`;
    await stack.sql`select public.request_source_checks()`;
    await runEventWorker(stack);
    const [row] = await stack.sql`
      select state from private.source_health where source = 'easypost'`;
    return row?.state;
  };
  stack.easypost.switchWebhookOff();
  assert.equal(await check(), "healthy");
  assert.equal(stack.easypost.webhook.disabledAt, null);
  const { webhook } = stack.easypost;
  stack.easypost.state.put("webhooks", webhook.id, { ...webhook, url: "https://a.example.com/" });
  assert.equal(await check(), "webhook_missing");
  const log = await readFunctionLog(stack);
  assert.match(log, /"source of webhooks is not healthy","source":"easypost"/);
});
