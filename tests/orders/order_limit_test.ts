/** The plan's limit under real concurrency, and the orders above it. */
import assert from "node:assert/strict";
import { deleteAccountOf } from "../support/accounts.ts";
import { callOAuth } from "../support/oauth.ts";
import {
  connectSeller,
  countedOrders,
  finishClaims,
  runEventWorker,
  settledEvents,
  subscribe,
} from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

/** A new order as `ingest_order` takes it. */
const plainOrder = (id: number) => ({
  tiktok_order_id: String(id),
  tiktok_status: "AWAITING_SHIPMENT",
  order_status: "awaiting_shipment",
  payment_status: "paid",
  currency: "USD",
  total_amount: "10.00",
  shipping_address: {},
  address_status: "none",
  order_items: [],
  tiktok_updated_at: "2026-11-01T00:00:00Z",
});

/** Sends the webhooks of new orders in parallel. */
async function orderAtOnce(stack: TestStack, shopId: string, orders: number): Promise<void> {
  const notifications = Array.from(
    { length: orders },
    () => stack.tiktok.notificationOf(stack.tiktok.addOrder({ shopId })),
  );
  const answers = await Promise.all(notifications.map((entry) => stack.tiktok.send(entry)));
  assert.deepEqual(new Set(answers), new Set([200]));
}

test("25 parallel deliveries of new orders with room for 10 give 10 rows, 15 held events and a counter of 10", async (stack) => {
  const seller = await connectSeller(stack);

  await orderAtOnce(stack, seller.shopId, 25);

  assert.deepEqual(await settledEvents(stack), { done: 10, held: 15 });
  assert.equal((await seller.client.from("orders").select("id")).data?.length, 10);
  assert.equal(await countedOrders(stack, seller.id), 10);
  const held = await stack.sql`
    select distinct reason from private.webhook_events where status = 'held'`;
  assert.deepEqual(held.map((row) => row.reason), ["order_limit"]);
});

test("25 parallel ingestions by 25 connections never exceed the limit", async (stack) => {
  const seller = await connectSeller(stack);
  const [shop] = await stack.sql`select id from public.tiktok_shops where user_id = ${seller.id}`;
  const events = await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, shop_id, body)
    select 'tiktok', n::text, 'ORDER_STATUS_CHANGE', ${seller.shopId}, '{}'
    from generate_series(1, 25) as n returning id`;
  // Directly in the database: a queue in front of it would serialize the calls.
  const outcomes = await Promise.all(events.map(async ({ id }) => {
    const [row] = await stack.sql`
      select public.ingest_order(${id}, ${shop?.id}, ${
      stack.sql.json(plainOrder(Number(id)))
    }) as result`;
    return row?.result.outcome;
  }));
  assert.equal(outcomes.filter((outcome) => outcome === "inserted").length, 10);
  assert.equal(outcomes.filter((outcome) => outcome === "held").length, 15);
  assert.equal(await countedOrders(stack, seller.id), 10);
});

test("forty orders of one shop over four trial accounts, one of them deleted, use ten places", async (stack) => {
  const shopId = "7480000000000004040";
  const stored: number[] = [];
  for (let account = 0; account < 4; account++) {
    const seller = await connectSeller(stack, shopId);
    await orderAtOnce(stack, shopId, 10);
    await settledEvents(stack);
    stored.push((await seller.client.from("orders").select("id")).data?.length ?? -1);
    if (account % 2 === 0) {
      const { data } = await seller.client.from("tiktok_shops").select("id").single();
      await callOAuth(stack, "DELETE", `/shops/${data?.id}`, { seller });
    } else {
      assert.deepEqual(await deleteAccountOf(stack, seller), { status: 204, code: undefined });
    }
  }

  assert.deepEqual(stored, [10, 0, 0, 0]);
});

test("25 parallel ingestions of one shop in two accounts never exceed its limit", async (stack) => {
  const former = await connectSeller(stack);
  const [old] = await stack.sql`
    update public.tiktok_shops set connection_status = 'transferred',
      status_reason = 'connected_elsewhere', access_token = null, refresh_token = null
    where user_id = ${former.id} returning id`;
  const seller = await connectSeller(stack, former.shopId);
  const [shop] = await stack.sql`select id from public.tiktok_shops where user_id = ${seller.id}`;
  const events = await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, shop_id, body)
    select 'tiktok', n::text, 'ORDER_STATUS_CHANGE', ${seller.shopId}, '{}'
    from generate_series(1, 25) as n returning id`;

  // A worker that read the shop before it moved still writes to the former account.
  const outcomes = await Promise.all(events.map(async ({ id }, n) => {
    const order = stack.sql.json(plainOrder(Number(id)));
    const [row] = await stack.sql`
      select public.ingest_order(${id}, ${n % 2 ? shop?.id : old?.id}, ${order}) as result`;
    return row?.result.outcome;
  }));

  assert.equal(outcomes.filter((outcome) => outcome === "inserted").length, 10);
  assert.equal(outcomes.filter((outcome) => outcome === "held").length, 15);
});

test("cancellations before payment and new orders by 50 connections never exceed the limit, and give each place back once", async (stack) => {
  const seller = await connectSeller(stack);
  const [shop] = await stack.sql`select id from public.tiktok_shops where user_id = ${seller.id}`;
  const ingest = async (orderId: string, order: Record<string, unknown>) => {
    const [event] = await stack.sql`
      insert into private.webhook_events (source, external_id, event_type, shop_id, body)
      values ('tiktok', gen_random_uuid(), 'ORDER_STATUS_CHANGE', ${seller.shopId}, '{}')
      returning id`;
    const row = {
      tiktok_order_id: orderId,
      tiktok_status: "X",
      currency: "USD",
      total_amount: "10.00",
      shipping_address: {},
      address_status: "none",
      order_items: [],
      tiktok_updated_at: "2026-11-01T00:00:00Z",
      ...order,
    };
    await stack.sql`select public.ingest_order(${event?.id}, ${shop?.id}, ${stack.sql.json(row)})`;
  };
  const unpaid = { order_status: "received", payment_status: "pending" };
  const cancelled = { order_status: "cancelled", payment_status: "cancelled" };
  const live = { order_status: "awaiting_shipment", payment_status: "paid" };
  for (let n = 0; n < 10; n++) await ingest(`unpaid ${n}`, unpaid);

  // Each of eight orders is cancelled three times.
  await Promise.all(
    Array.from(
      { length: 50 },
      (_, n) =>
        n % 2 === 0
          ? ingest(`live ${n}`, live)
          : n < 48
          ? ingest(`unpaid ${n % 8}`, cancelled)
          : undefined,
    ),
  );

  const [counted] = await stack.sql`
    select orders, not_counted,
      (select count(*)::int from public.orders where counts_for_plan) as counting,
      (select count(*)::int from public.orders where not counts_for_plan) as cancelled,
      (select count(*)::int from private.held_orders) as held
    from private.monthly_order_counts where user_id = ${seller.id}`;
  assert.ok(counted?.orders <= 10, String(counted?.orders));
  assert.equal(counted?.orders, counted?.counting);
  assert.deepEqual([counted?.not_counted, counted?.cancelled], [4, 4]);
  assert.equal(counted?.counting + counted?.held, 10 - 4 + 25);
  const [released] = await stack.sql`select public.release_held_events() as events`;
  assert.equal(released?.events, 10 - counted?.orders);
});

test("the same delivery 25 times in parallel gives one row and one count", async (stack) => {
  const seller = await connectSeller(stack);
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  const notification = stack.tiktok.notificationOf(order);

  const answers = await Promise.all(
    Array.from({ length: 25 }, () => stack.tiktok.send(notification)),
  );

  assert.deepEqual(new Set(answers), new Set([200]));
  assert.deepEqual(await settledEvents(stack), { done: 1 });
  assert.equal((await seller.client.from("orders").select("id")).data?.length, 1);
  assert.equal(await countedOrders(stack, seller.id), 1);
});

test("25 different events about one new order in parallel give one row and one count", async (stack) => {
  const seller = await connectSeller(stack);
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });

  await Promise.all(
    Array.from({ length: 25 }, () => stack.tiktok.send(stack.tiktok.notificationOf(order))),
  );

  assert.deepEqual(await settledEvents(stack), { done: 25 });
  assert.equal((await seller.client.from("orders").select("id")).data?.length, 1);
  assert.equal(await countedOrders(stack, seller.id), 1);
});

test("held orders are released, those to be shipped first before others, when the plan grows, up to the new limit", async (stack) => {
  const seller = await connectSeller(stack);
  await orderAtOnce(stack, seller.shopId, 10);
  await settledEvents(stack);
  const now = Math.floor(Date.now() / 1000);
  const announce = async (days: number, status: string) => {
    const detail = { rts_sla_time: now + days * 86_400 };
    const order = stack.tiktok.addOrder({ shopId: seller.shopId, status, detail });
    await stack.tiktok.send(stack.tiktok.notificationOf(order));
    return order.id;
  };
  await announce(3, "AWAITING_SHIPMENT");
  const first = await announce(1, "AWAITING_SHIPMENT");
  const second = await announce(2, "AWAITING_SHIPMENT");
  await announce(0, "IN_TRANSIT");
  assert.deepEqual(await settledEvents(stack), { done: 10, held: 4 });
  await stack.sql`update public.plans set monthly_order_limit = 12 where name = 'starter'`;

  assert.equal((await runEventWorker(stack)).released, 0);
  await subscribe(stack, seller.id, "starter");
  assert.equal((await runEventWorker(stack)).released, 2);

  assert.deepEqual(await settledEvents(stack), { done: 12, held: 2 });
  assert.equal(await countedOrders(stack, seller.id), 12);
  const { data } = await seller.client.from("orders").select("tiktok_order_id")
    .in("tiktok_order_id", [first, second]);
  assert.equal(data?.length, 2);
});

test("held orders are released automatically, oldest first, as soon as the plan has room", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  for (let n = 0; n < 15; n++) {
    await stack.tiktok.send(stack.tiktok.notificationOf(stack.tiktok.addOrder({ shopId })));
    await settledEvents(stack);
  }
  const usage = async () => {
    const { data } = await seller.client.rpc("get_usage");
    const { used, limit, held } = data as Record<string, unknown>;
    return { used, limit, held };
  };
  assert.deepEqual(await usage(), { used: 10, limit: 10, held: 5 });
  // Room for three: as if only seven orders had been counted this month.
  await stack.sql`update private.monthly_order_counts set orders = 7`;
  await stack.sql`update private.monthly_shop_counts set orders = 7`;
  assert.equal((await runEventWorker(stack)).released, 3);
  await settledEvents(stack);
  assert.deepEqual(await usage(), { used: 10, limit: 10, held: 2 });
  const held = await stack.sql`
    select object_id from private.webhook_events where status = 'held' order by id`;
  const received = await stack.sql`select object_id from private.webhook_events order by id`;
  assert.deepEqual(
    held.map((row) => row.object_id),
    received.slice(13).map((row) => row.object_id),
  );
  await subscribe(stack, seller.id, "growth");
  await runEventWorker(stack);
  await settledEvents(stack);
  assert.deepEqual(await usage(), { used: 12, limit: 500, held: 0 });
});

test("an order that is stored while its events are released leaves none held, though the release is rolled back", async (stack) => {
  const seller = await connectSeller(stack);
  await orderAtOnce(stack, seller.shopId, 10);
  await settledEvents(stack);
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  assert.deepEqual(await settledEvents(stack), { done: 10, held: 1 });
  await subscribe(stack, seller.id, "starter");

  await stack.sql.begin(async (transaction) => {
    const [released] = await transaction`select public.release_held_events() as events`;
    assert.equal(released?.events, 1);
    await stack.tiktok.send(stack.tiktok.notificationOf(order));
    await until("the order is stored", async () => {
      const rows = await stack.sql`
        select from public.orders where tiktok_order_id = ${order.id}`;
      return rows.length === 1;
    });
    throw new Error("rolled back");
  }).catch((error) => assert.equal(error.message, "rolled back"));
  await finishClaims(stack);
  await stack.sql`update private.event_queue set next_attempt_at = now() where status = 'pending'`;
  await runEventWorker(stack);
  await runEventWorker(stack);

  assert.deepEqual(await settledEvents(stack), { done: 13 });
  assert.equal(await countedOrders(stack, seller.id), 11);
});

test("held orders are released when a new month begins", async (stack) => {
  const seller = await connectSeller(stack);
  await orderAtOnce(stack, seller.shopId, 12);
  assert.deepEqual(await settledEvents(stack), { done: 10, held: 2 });

  await stack.sql`
    update private.monthly_order_counts set month = (month - interval '1 month')::date`;
  await stack.sql`
    update private.monthly_shop_counts set month = (month - interval '1 month')::date`;
  await runEventWorker(stack);

  assert.deepEqual(await settledEvents(stack), { done: 12 });
  assert.equal(await countedOrders(stack, seller.id), 2);
});

test("an update of a stored order is neither counted nor refused at the limit", async (stack) => {
  const seller = await connectSeller(stack);
  await orderAtOnce(stack, seller.shopId, 10);
  await settledEvents(stack);
  const [order] = stack.tiktok.state.all("orders").filter(({ shopId }) => shopId === seller.shopId);
  const shipped = stack.tiktok.changeOrder(order?.id as string, "IN_TRANSIT");

  await stack.tiktok.send(stack.tiktok.notificationOf(shipped));

  assert.deepEqual(await settledEvents(stack), { done: 11 });
  const { data } = await seller.client.from("orders").select("order_status")
    .eq("tiktok_order_id", shipped.id);
  assert.deepEqual(data, [{ order_status: "in_transit" }]);
  assert.equal(await countedOrders(stack, seller.id), 10);
});

test("one seller at the limit does not affect another", async (stack) => {
  const full = await connectSeller(stack);
  const other = await connectSeller(stack);
  await Promise.all([
    orderAtOnce(stack, full.shopId, 12),
    orderAtOnce(stack, other.shopId, 3),
  ]);
  assert.deepEqual(await settledEvents(stack), { done: 13, held: 2 });
  assert.equal((await other.client.from("orders").select("id")).data?.length, 3);
});

test("check_order_limit knows every plan, and only live subscriptions count", async (stack) => {
  const seller = await connectSeller(stack);
  const atLimit = async (orders: number) => {
    await stack.sql`
      insert into private.monthly_order_counts (user_id, month, orders)
      values (${seller.id}, private.current_month(), ${orders})
      on conflict (user_id, month) do update set orders = excluded.orders`;
    const [row] = await stack.sql`select public.check_order_limit(${seller.id}) as allowed`;
    return row?.allowed;
  };
  const limits: [string | undefined, number][] = [
    [undefined, 10],
    ["starter", 100],
    ["growth", 500],
    ["scale", 999999],
  ];
  for (const [plan, limit] of limits) {
    if (plan) await subscribe(stack, seller.id, plan);
    assert.equal(await atLimit(limit - 1), true, `${plan} ${limit - 1}`);
    assert.equal(await atLimit(limit), false, `${plan} ${limit}`);
  }
  // The newest live subscription counts; without one, the trial's limit.
  await stack.sql`update public.subscriptions set status = 'canceled' where plan_name = 'scale'`;
  assert.equal(await atLimit(499), true);
  assert.equal(await atLimit(500), false);
  await stack.sql`update public.subscriptions set status = 'past_due'`;
  assert.equal(await atLimit(10), false);
  await stack.sql`update public.subscriptions set status = 'trialing' where plan_name = 'starter'`;
  assert.equal(await atLimit(99), true);
});
