/** Cost of an order in calls of TikTok and of the database, and fairness between shops. */
import assert from "node:assert/strict";
import { signWebhook } from "../../shared/tiktok/api/signing.ts";
import { startObservedHost } from "../support/observed_host.ts";
import { countOrders } from "../support/orders.ts";
import { test } from "../support/shared_stack.ts";
import {
  connectSeller,
  pushTime,
  runEventWorker,
  settledEvents,
  subscribe,
} from "../support/shop.ts";

test("waiting webhooks share one call for each 50 orders of a shop; a bad order stops no other", async (stack) => {
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
  await using host = await startObservedHost(stack);
  host.observe = ({ path, phase }) => {
    if (phase === "arrived") calls.push(path);
  };
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  const { data, type, id, shopId } = stack.tiktok.notificationOf(order);
  const body = JSON.stringify({
    type,
    tts_notification_id: id,
    shop_id: shopId,
    timestamp: pushTime(),
    data,
  });
  const app = { appKey: stack.env.TIKTOK_APP_KEY, appSecret: stack.env.TIKTOK_APP_SECRET };
  const authorization = signWebhook(app, new TextEncoder().encode(body));
  const response = await host.fetch("/tiktok-webhooks", {
    method: "POST",
    headers: { authorization },
    body,
  });
  assert.equal(response.status, 200);
  await response.body?.cancel();
  assert.deepEqual(await settledEvents(stack), { done: 1 });
  // Stopping waits for background work.
  await host[Symbol.asyncDispose]();
  assert.deepEqual(calls, [
    "/rest/v1/rpc/receive_webhook_event",
    "/rest/v1/rpc/claim_webhook_events",
    "/rest/v1/rpc/ingest_orders",
  ]);
  assert.equal(await countOrders(seller), 1);
});

test("shops take turns: a flood of one shop does not delay another", async (stack) => {
  const [flooded, other] = [await connectSeller(stack), await connectSeller(stack)];
  await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, shop_id, body)
    select 'tiktok', n::text, 'X', ${flooded.shopId}, '{}' from generate_series(1, 500) as n`;
  await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, shop_id, body)
    values ('tiktok', 'late', 'X', ${other.shopId}, '{}'), ('tiktok', 'no shop', 'X', null, '{}')`;
  const [row] = await stack.sql`
    select jsonb_path_query_array(public.claim_webhook_events(10, 60)::jsonb, '$[*].shop_id') as shops`;
  assert.deepEqual(
    row?.shops.toSorted(),
    [
      ...Array(8).fill(flooded.shopId),
      other.shopId,
      null,
    ].toSorted(),
  );
});
