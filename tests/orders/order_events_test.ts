/** Every topic that is about orders: what it does to the order, its timeline, and its seller's usage. */
import assert from "node:assert/strict";
import { functionEnvironment } from "../../local/stack/environment.ts";
import { startFunctionProcess } from "../../local/functions/process.ts";
import { signWebhook } from "../../shared/tiktok/api/signing.ts";
import type { ConnectedSeller } from "../support/shop.ts";
import {
  connectSeller,
  countEvents,
  letTimePass,
  postWebhook,
  runEventWorker,
  settledEvents,
  subscribe,
} from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

let notifications = 0;

/** A webhook of a topic that the simulator does not send by itself. */
async function send(
  stack: TestStack,
  shopId: string,
  type: number,
  data: Record<string, unknown>,
): Promise<void> {
  const id = String(7_700_000_000_000_000_000n + BigInt(++notifications));
  assert.equal(await stack.tiktok.send({ type, id, shopId, data }), 200);
}

async function timeline(seller: ConnectedSeller, orderId: string) {
  const { data } = await seller.client.from("order_events")
    .select("event_type, changes, orders!inner(tiktok_order_id)")
    .eq("orders.tiktok_order_id", orderId).order("happened_at").order("id");
  return data?.map((row) => ({
    type: row.event_type,
    changes: row.changes as Record<string, unknown>,
  }));
}

async function stateOf(seller: ConnectedSeller, orderId: string): Promise<string> {
  const { data } = await seller.client.from("orders").select("order_status, payment_status")
    .eq("tiktok_order_id", orderId).single();
  return `${data?.order_status} ${data?.payment_status}`;
}

test("a cancellation under both its numbers, a return and a refund reach order and timeline", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const order = stack.tiktok.addOrder({ shopId, price: "20.00" });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await settledEvents(stack);

  const pending = { order_id: order.id, cancel_id: "9001", cancellations_role: "BUYER" };
  await send(stack, shopId, 11, {
    ...pending,
    cancel_status: "CANCELLATION_REQUEST_PENDING",
    create_time: 1,
  });
  await send(stack, shopId, 2, {
    order_id: order.id,
    reverse_order_id: "9001",
    reverse_type: 4,
    update_time: 1,
  });
  await settledEvents(stack);
  assert.equal(await stateOf(seller, order.id), "awaiting_shipment paid");
  stack.tiktok.changeOrder(order.id, "CANCELLED");
  await send(stack, shopId, 11, {
    ...pending,
    cancel_status: "CANCELLATION_REQUEST_COMPLETE",
    update_time: 2,
  });
  await settledEvents(stack);
  assert.equal(await stateOf(seller, order.id), "cancelled refunded");
  const cancelled = await timeline(seller, order.id);
  assert.deepEqual(
    cancelled?.map((entry) => entry.changes.cancel_status ?? entry.changes.reverse_type ?? null),
    [
      null,
      "CANCELLATION_REQUEST_PENDING",
      4,
      "CANCELLATION_REQUEST_COMPLETE",
    ],
  );

  const returned = stack.tiktok.addOrder({ shopId, status: "DELIVERED", price: "20.00" });
  await stack.tiktok.send(stack.tiktok.notificationOf(returned));
  await send(stack, shopId, 12, {
    order_id: returned.id,
    return_id: "9002",
    return_status: "RETURN_OR_REFUND_REQUEST_PENDING",
    return_type: "REFUND",
    return_role: "BUYER",
  });
  await settledEvents(stack);
  const refund = (total: string) =>
    send(stack, shopId, 67, {
      aftersales_request_id: "1",
      rma_id: "2",
      line_items: [{ main_order_id: returned.id, sku_id: "3" }, {
        main_order_id: returned.id,
        sku_id: "4",
      }],
      refund_currency: "USD",
      refund_total: total,
      refund_status: "REFUND_SUCCESS",
    });
  await refund("0");
  await refund("4.99");
  await settledEvents(stack);
  assert.equal(await stateOf(seller, returned.id), "delivered partially_refunded");
  await refund("20.00");
  await settledEvents(stack);
  assert.equal(await stateOf(seller, returned.id), "delivered refunded");
  const changes = (await timeline(seller, returned.id))?.map((entry) => entry.changes);
  assert.ok(changes?.some((entry) => entry.return_status === "RETURN_OR_REFUND_REQUEST_PENDING"));
  assert.deepEqual(changes?.flatMap((entry) => entry.refund_total ?? []), ["4.99", "20.00"]);
});

test("a package's event looks at each order that it names; one without any looks at the whole shop", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const orders = Array.from({ length: 3 }, () => stack.tiktok.addOrder({ shopId }));
  const lists = [[orders[0]?.id, orders[1]?.id], [orders[1]?.id, orders[2]?.id]];
  await send(stack, shopId, 4, {
    sc_type: "COMBINE",
    package_list: lists.map((order_id_list, n) => ({ package_id: String(n), order_id_list })),
    update_time: 1,
  });
  assert.deepEqual(await settledEvents(stack), { done: 4 });
  const count = async () => (await seller.client.from("orders").select("id")).data?.length;
  assert.equal(await count(), 3);

  stack.tiktok.addOrder({ shopId });
  await send(stack, shopId, 64, {
    aftersales_request_id: "1",
    aftersales_request_status: "PENDING_REQUEST_REVIEW",
  });
  await until("the shop was asked", async () => await count() === 4);
  // The request, the sync that it asked for, and what that found.
  assert.deepEqual(await settledEvents(stack), { done: 7 });
});

test("topics that ask for nothing are stored and closed under their names, unknown ones too", async (stack) => {
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
  assert.deepEqual(rows.map((row) => row.reason), [
    "PRODUCT_STATUS_CHANGE asks for nothing",
    "NEW_CONVERSATION asks for nothing",
    "NEW_MESSAGE asks for nothing",
    "PRODUCT_CREATION asks for nothing",
    "PRODUCT_AUDIT_STATUS_CHANGE asks for nothing",
    "APPEAL_COMPLETED asks for nothing",
    "TYPE_8 asks for nothing",
    "TYPE_99999 asks for nothing",
  ]);
  assert.ok(!stack.tiktok.calls.some((path) => path === "/order/202309/orders"));
});

test("webhooks that wait together share one call for each 50 orders of a shop; a bad one stops none", async (stack) => {
  const seller = await connectSeller(stack);
  const other = await connectSeller(stack);
  for (const { id } of [seller, other]) await subscribe(stack, id, "growth");
  const orders = [
    ...Array.from({ length: 60 }, () => stack.tiktok.addOrder({ shopId: seller.shopId })),
    ...Array.from({ length: 5 }, () => stack.tiktok.addOrder({ shopId: other.shopId })),
  ];
  const bad = stack.tiktok.addOrder({
    shopId: seller.shopId,
    detail: { payment: { currency: "USD", total_amount: "1.234" } },
  });
  for (const { id, shopId } of [...orders, bad]) {
    await stack.sql`
      insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
      values ('tiktok', ${id}, 'ORDER_STATUS_CHANGE', ${shopId}, ${id}, '{"type":1}')`;
  }
  const before = stack.tiktok.calls.length;
  const { events } = await runEventWorker(stack);
  assert.deepEqual(events, { inserted: 65, failed: 1 });
  // 50 and 11 of the first shop, and 5 of the other.
  assert.ok(stack.tiktok.calls.length - before <= 3, String(stack.tiktok.calls.length - before));
  const [failed] = await stack.sql`
    select last_error from private.webhook_events where object_id = ${bad.id}`;
  assert.match(failed?.last_error, /more than two decimals/);
});

test("one new order costs at most 4 round trips to the database, from its webhook to its row", async (stack) => {
  const seller = await connectSeller(stack);
  const calls: string[] = [];
  const counting = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    calls.push(pathname);
    const { method, headers, body } = request;
    return fetch(`${stack.env.SUPABASE_URL}${pathname}${search}`, { method, headers, body });
  });
  // The same functions once more, with a database that is counted.
  const host = await startFunctionProcess({
    configPath: new URL("../../supabase/config.toml", import.meta.url).pathname,
    env: {
      ...functionEnvironment(stack.env),
      SUPABASE_URL: `http://127.0.0.1:${counting.addr.port}`,
    },
    logFile: `${stack.data}/logs/counted.log`,
  });
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  const { data, type, id, shopId } = stack.tiktok.notificationOf(order);
  const body = JSON.stringify({
    type,
    tts_notification_id: id,
    shop_id: shopId,
    timestamp: 1,
    data,
  });
  const app = { appKey: stack.env.TIKTOK_APP_KEY, appSecret: stack.env.TIKTOK_APP_SECRET };
  const authorization = await signWebhook(app, new TextEncoder().encode(body));
  const response = await host.fetch(
    new Request("http://host/functions/v1/tiktok-webhooks", {
      method: "POST",
      headers: { authorization },
      body,
    }),
  );
  assert.equal(response.status, 200);
  await response.body?.cancel();
  assert.deepEqual(await settledEvents(stack), { done: 1 });
  // Stopping waits for what goes on in the background.
  await host.stop();
  await counting.shutdown();
  assert.deepEqual(calls, [
    "/rest/v1/rpc/receive_webhook_event",
    "/rest/v1/rpc/claim_webhook_events",
    "/rest/v1/rpc/ingest_orders",
  ]);
  assert.equal((await seller.client.from("orders").select("id")).data?.length, 1);
});

test("a missed webhook is found by the sync, counted and logged; a second sync finds nothing", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const updateTime = Math.floor(Date.now() / 1000) - 60;
  const missed = stack.tiktok.addOrder({ shopId, updateTime });
  const changed = stack.tiktok.addOrder({ shopId, updateTime });
  await stack.tiktok.send(stack.tiktok.notificationOf(changed));
  await settledEvents(stack);
  stack.tiktok.changeOrder(changed.id, "IN_TRANSIT");

  const sync = async (body: unknown, apikey = stack.env.SUPABASE_SECRET_KEY) => {
    const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/event-worker/sync`, {
      method: "POST",
      headers: { apikey },
      body: JSON.stringify(body),
    });
    return { status: response.status, ...await response.json() };
  };
  assert.equal((await sync({ shop_id: shopId }, stack.env.SUPABASE_PUBLISHABLE_KEY)).status, 403);
  assert.equal((await sync({ shop_id: "1" })).code, "shop_not_connected");
  assert.equal((await sync({ shop_id: 7 })).code, "invalid_body");
  assert.equal(await countEvents(stack), 1);

  const started = await sync({ shop_id: shopId });
  assert.deepEqual([started.status, started.requested], [202, 1]);
  await settledEvents(stack);
  await until(
    "both are in",
    async () => (await seller.client.from("orders").select("id")).data?.length === 2,
  );
  await settledEvents(stack);
  assert.equal(await stateOf(seller, missed.id), "awaiting_shipment paid");
  assert.match(await stateOf(seller, changed.id), /^in_transit/);
  const logged = await stack.sql`
    select details from public.system_logs where event_type = 'orders_missed'`;
  assert.deepEqual(logged.map((row) => row.details), [{ shop_id: shopId, orders: 2 }]);
  const log = await Deno.readTextFile(`${stack.data}/logs/functions.log`);
  assert.match(log, /"message":"orders synced".*"missed":2/);

  const events = await countEvents(stack);
  assert.equal((await sync({})).requested, 1);
  await settledEvents(stack);
  assert.equal(await countEvents(stack), events + 1, "the sync itself, and nothing found");
});

test("the sync pages through many orders, moves its mark with each page, and goes on after a failure", async (stack) => {
  const seller = await connectSeller(stack);
  await subscribe(stack, seller.id, "growth");
  const { shopId } = seller;
  const now = Math.floor(Date.now() / 1000);
  for (let n = 0; n < 250; n++) stack.tiktok.addOrder({ shopId, updateTime: now - 10_000 + n });
  await stack.sql`update public.tiktok_shops set orders_synced_until = to_timestamp(${
    now - 20_000
  })`;
  await stack.sql`select public.request_order_sync(${shopId})`;
  // The second page fails as long as the client tries.
  const search = "/order/202309/orders/search";
  const calls = () => stack.tiktok.calls.filter((path) => path === search).length;
  const before = calls();
  const run = runEventWorker(stack);
  await until("the first page was read", () => Promise.resolve(calls() > before));
  stack.tiktok.faults.add({ path: search, kind: "internal" });
  await run;
  const mark = async () => {
    const [row] = await stack.sql`
      select extract(epoch from orders_synced_until)::int as mark from public.tiktok_shops`;
    return row?.mark as number;
  };
  const first = await mark();
  assert.ok(first >= now - 9_901 && first <= now + 1, String(first - now));
  stack.tiktok.faults.clear();
  await letTimePass(stack);
  await runEventWorker(stack);
  await letTimePass(stack);
  await runEventWorker(stack);
  assert.equal((await settledEvents(stack)).done, 251);
  assert.ok(await mark() >= now);
  const [row] = await stack.sql`select count(*)::int as orders from public.orders`;
  assert.equal(row?.orders, 250);
});

test("held orders come in by themselves, oldest first, as soon as there is room", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  for (let n = 0; n < 15; n++) {
    await stack.tiktok.send(stack.tiktok.notificationOf(stack.tiktok.addOrder({ shopId })));
    await settledEvents(stack);
  }
  const usage = async () => {
    const { data } = await seller.client.rpc("get_usage");
    const { month_ends_at: _, ...figures } = data as Record<string, unknown>;
    return figures;
  };
  assert.deepEqual(await usage(), { used: 10, limit: 10, held: 5 });
  // Three places: the month's counter as if seven orders had come in.
  await stack.sql`update private.monthly_order_counts set orders = 7`;
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

test("a flood of one shop keeps no other shop waiting: shops take turns", async (stack) => {
  const [flooded, other] = [await connectSeller(stack), await connectSeller(stack)];
  await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, shop_id, body)
    select 'tiktok', n::text, 'X', ${flooded.shopId}, '{}' from generate_series(1, 500) as n`;
  await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, shop_id, body)
    values ('tiktok', 'late', 'X', ${other.shopId}, '{}'), ('tiktok', 'nobody', 'X', null, '{}')`;
  const [row] = await stack.sql`
    select jsonb_path_query_array(public.claim_webhook_events(10, 60), '$[*].shop_id') as shops`;
  assert.deepEqual(
    row?.shops.toSorted(),
    [
      ...Array(8).fill(flooded.shopId),
      other.shopId,
      null,
    ].toSorted(),
  );
});

test("characters that Postgres cannot store spoil neither their order nor those beside it", async (stack) => {
  const seller = await connectSeller(stack);
  const { shopId } = seller;
  const spoiled = stack.tiktok.addOrder({
    shopId,
    detail: { buyer_email: "a\0b@example.com", recipient_address: { name: "R\ud800sa" } },
  });
  const orders = [...Array.from({ length: 5 }, () => stack.tiktok.addOrder({ shopId })), spoiled];
  for (const order of orders) {
    await send(stack, shopId, 11, {
      order_id: order.id,
      cancel_id: "a\0b",
      cancel_status: "\ud800",
    });
  }
  assert.deepEqual(await settledEvents(stack), { done: 6 });
  const { data } = await seller.client.from("orders").select("customer_email, shipping_address")
    .eq("tiktok_order_id", spoiled.id).single();
  assert.equal(data?.customer_email, "ab@example.com");
  assert.equal((data?.shipping_address as { name: string }).name, "R\ufffdsa");
});

test("an event without a shop is worked by its order, if we have that; id 0 is no id", async (stack) => {
  const seller = await connectSeller(stack);
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await settledEvents(stack);
  stack.tiktok.changeOrder(order.id, "IN_TRANSIT");
  for (const id of [order.id, "576400000000000009"]) {
    const body = `{"type":1,"tts_notification_id":0,"timestamp":1,"data":{"order_id":"${id}"}}`;
    await (await postWebhook(stack, body)).body?.cancel();
  }
  assert.deepEqual(await settledEvents(stack), { done: 2, ignored: 1 });
  assert.match(await stateOf(seller, order.id), /^in_transit/);
  const [ignored] = await stack.sql`
    select reason from private.webhook_events where status = 'ignored'`;
  assert.equal(ignored?.reason, "it names no shop, and no order that is in");
});
