/** The event worker: its callers, its claims, its retries. */
import assert from "node:assert/strict";
import type postgres from "postgres";
import {
  connectSeller,
  countEvents,
  failedEvent,
  letTimePass,
  postWebhook,
  pushTime,
  refuseOrders,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

async function insertEvents(stack: TestStack, count: number): Promise<void> {
  await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, body)
    select 'tiktok', n::text, 'TYPE_999', '{"type":999}' from generate_series(1, ${count}) as n`;
}

/** A connection that goes back to its pool. */
function releasing(sql: postgres.ReservedSql) {
  return { sql, [Symbol.dispose]: () => sql.release() };
}

async function eventRow(stack: TestStack): Promise<Record<string, unknown>> {
  const [row] = await stack.sql`
    select *, extract(epoch from next_attempt_at - now())::float as wait_seconds
    from private.inbox_events`;
  return row as Record<string, unknown>;
}

test("only a secret key in the header apikey may call the event worker; other calls change nothing", async (stack) => {
  const seller = await connectSeller(stack);
  await insertEvents(stack, 1);
  const { SUPABASE_URL, SUPABASE_SECRET_KEY: secret, SUPABASE_PUBLISHABLE_KEY } = stack.env;
  const url = `${SUPABASE_URL}/functions/v1/event-worker`;
  const refusals: [number, RequestInit][] = [
    [401, { method: "POST" }],
    [401, { method: "POST", headers: { authorization: `Bearer ${secret}` } }],
    [401, { method: "POST", headers: { authorization: `Bearer ${seller.accessToken}` } }],
    [403, { method: "POST", headers: { apikey: "" } }],
    [403, { method: "POST", headers: { apikey: SUPABASE_PUBLISHABLE_KEY } }],
    [403, { method: "POST", headers: { apikey: `${secret}x` } }],
    [403, { method: "POST", headers: { apikey: secret.slice(0, -1) } }],
    [405, { method: "GET", headers: { apikey: secret } }],
  ];
  for (const [status, init] of refusals) {
    const response = await fetch(url, init);
    assert.equal(response.status, status, JSON.stringify(init));
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    await response.body?.cancel();
  }
  assert.equal((await eventRow(stack)).status, "pending");
  assert.deepEqual(await runEventWorker(stack), {
    released: 0,
    label_tasks: 0,
    oldest_open_seconds: 0,
    events: { ignored: 1 },
  });
});

test("a run whose release of held orders fails enqueues label tasks and processes events, and answers 500", async (stack) => {
  await insertEvents(stack, 1);
  const held = "function public.release_held_events(uuid)";
  await stack.sql.unsafe(`revoke execute on ${held} from service_role`);
  try {
    await assert.rejects(runEventWorker(stack), /answered 500/);
  } finally {
    await stack.sql.unsafe(`grant execute on ${held} to service_role`);
  }
  assert.equal((await eventRow(stack)).status, "ignored");
});

test("the event worker processes a full batch of 100 events", async (stack) => {
  await insertEvents(stack, 100);
  assert.deepEqual((await runEventWorker(stack)).events, { ignored: 100 });
  assert.deepEqual(await settledEvents(stack), { ignored: 100 });
});

test("parallel claims never take the same event", async (stack) => {
  await insertEvents(stack, 100);
  const claims = await Promise.all(Array.from({ length: 20 }, async () => {
    const [row] = await stack.sql`select public.claim_webhook_events(7, 60) as events`;
    return (row?.events as { event_id: number }[]).map((event) => event.event_id);
  }));
  const ids = claims.flat();
  assert.equal(ids.length, 100);
  assert.equal(new Set(ids).size, 100);
});

/** What time does to the only event: its next attempt is due, and it has failed for so many days. */
async function letDaysPass(stack: TestStack, days: number): Promise<void> {
  await stack.sql`
    update private.webhook_events set failing_since = failing_since - make_interval(days => ${days})`;
  await stack.sql`update private.event_queue set next_attempt_at = now()`;
}

test("a claim finds other events although another worker commits its own meanwhile", async (stack) => {
  await insertEvents(stack, 400);
  const claim = async (sql: postgres.ReservedSql): Promise<number[]> => {
    const [row] = await sql`select public.claim_webhook_events(50, 60) as events`;
    return row?.events.map((event: { event_id: number }) => event.event_id);
  };
  const [{ definition } = {}] = await stack.sql`
    select pg_get_functiondef('private.due_events_in_turn(integer, text[])'::regprocedure) as definition`;
  using first = releasing(await stack.sql.reserve());
  using second = releasing(await stack.sql.reserve());
  try {
    // The second worker finds the oldest events locked, chooses among more, and stops before it locks them.
    await stack.sql.unsafe(definition.replace(
      /( {2}return due;\nend;)/,
      "  if p_limit > 50 then perform pg_advisory_xact_lock_shared(4711); end if;\n$1",
    ));
    await first.sql`select pg_advisory_lock(4711)`;
    await first.sql`begin`;
    const taken = await claim(first.sql);
    const late = claim(second.sql);
    await until("the second worker has chosen", async () => {
      const rows = await stack.sql`
        select from pg_locks where locktype = 'advisory' and objid = 4711 and not granted`;
      return rows.length === 1;
    });
    await first.sql`commit`;
    await first.sql`select pg_advisory_unlock(4711)`;
    const found = await late;
    assert.deepEqual([taken.length, found.length], [50, 50]);
    assert.equal(new Set([...taken, ...found]).size, 100);
  } finally {
    await stack.sql.unsafe(definition);
  }
});

test("a failed event waits with jitter and keeps its error; after ten attempts it is tried each hour, after seven days never", async (stack) => {
  const seller = await connectSeller(stack);
  refuseOrders(stack, seller.shopId, true);
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await failedEvent(stack);

  for (let attempt = 1; attempt <= 9; attempt++) {
    const row = await eventRow(stack);
    assert.deepEqual([row.status, row.attempts], ["pending", attempt]);
    assert.match(row.last_error as string, /TikTok 105005/);
    const longest = Math.min(30 * 2 ** (attempt - 1), 7200);
    const wait = row.wait_seconds as number;
    assert.ok(wait > longest / 2 - 5 && wait <= longest, `${wait} s after attempt ${attempt}`);
    // Not due yet: the worker does not claim it.
    assert.deepEqual((await runEventWorker(stack)).events, {});
    await letTimePass(stack);
    assert.deepEqual((await runEventWorker(stack)).events, { failed: 1 });
  }
  for (const days of [3, 4]) {
    const failing = await eventRow(stack);
    assert.deepEqual([failing.status, failing.reason], ["failing", "attempts_exhausted"]);
    const wait = failing.wait_seconds as number;
    assert.ok(wait > 2800 && wait <= 3600, `${wait} s`);
    assert.deepEqual((await runEventWorker(stack)).events, {});
    await letDaysPass(stack, days);
    assert.deepEqual((await runEventWorker(stack)).events, { failed: 1 });
  }
  const dead = await eventRow(stack);
  assert.deepEqual([dead.status, dead.reason], ["dead", "attempts_exhausted"]);
  assert.equal((await seller.client.from("orders").select("id")).data?.length, 0);
  // A dead event stays dead, even when TikTok shows the order again.
  refuseOrders(stack, seller.shopId, false);
  await letDaysPass(stack, 1);
  assert.deepEqual((await runEventWorker(stack)).events, {});
});

test("TikTok's Retry-After is respected", async (stack) => {
  const seller = await connectSeller(stack);
  stack.tiktok.faults.add({
    path: "/order/",
    kind: "rate_limit",
    retryAfterSeconds: 900,
    count: 1,
  });
  const order = stack.tiktok.addOrder({ shopId: seller.shopId });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  const row = await failedEvent(stack);
  assert.match(row.last_error as string, /36009002/);
  const wait = (await eventRow(stack)).wait_seconds as number;
  assert.ok(wait > 890 && wait <= 900, `${wait}`);
});

test("an event whose workers end unexpectedly twenty times is tried each hour, and has lost no attempt", async (stack) => {
  await insertEvents(stack, 1);
  await stack.sql`update private.webhook_events set crashes = 19`;
  await stack.sql`update private.event_queue set status = 'processing', next_attempt_at = now()`;
  assert.deepEqual((await runEventWorker(stack)).events, {});
  const row = await eventRow(stack);
  assert.deepEqual([row.status, row.reason, row.attempts, row.crashes], [
    "failing",
    "workers_lost",
    0,
    20,
  ]);
});

test("a worker that lost its claim settles nothing", async (stack) => {
  await insertEvents(stack, 1);
  const claim = async () => {
    const [row] = await stack.sql`select public.claim_webhook_events(1, 60) as events`;
    return row?.events[0] as { event_id: number; claim: number };
  };
  const lost = await claim();
  await letTimePass(stack);
  const owner = await claim();
  assert.equal(owner.event_id, lost.event_id);

  for (const result of [{ failed: "late" }, { ignored: "late" }]) {
    const [row] = await stack.sql`
      select public.settle_webhook_events(${stack.sql.json([{ ...lost, ...result }])}) as statuses`;
    assert.deepEqual(row?.statuses, [null]);
  }
  const row = await eventRow(stack);
  assert.deepEqual([row.status, row.claims, row.last_error], ["processing", 2, null]);
});

test("an order that TikTok does not show yet is tried again", async (stack) => {
  const seller = await connectSeller(stack);
  const body =
    `{"type":1,"tts_notification_id":"5","shop_id":"${seller.shopId}","timestamp":${pushTime()},"data":{"order_id":"576400000000000001","order_status":"UNPAID","update_time":1}}`;
  await (await postWebhook(stack, body)).body?.cancel();
  assert.match((await failedEvent(stack)).last_error as string, /does not show the order/);
  stack.tiktok.addOrder({ shopId: seller.shopId, orderId: "576400000000000001" });
  await letTimePass(stack);
  assert.deepEqual((await runEventWorker(stack)).events, { inserted: 1 });
  assert.equal(await countEvents(stack), 1);
});
