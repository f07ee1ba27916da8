/** One lock order for every SQL function and the deletion of accounts: docs/architecture.md. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { CALLS } from "../support/lock_order/calls.ts";
import { prepareStress, runStress } from "../support/lock_order/run_stress.ts";
import { sampleSize } from "../support/sample_size.ts";
import { open } from "../support/seed_sellers.ts";
import { createTestDatabase, type TestDatabase } from "../support/stack.ts";
import { until } from "../support/until.ts";

const SEED = Number(Deno.env.get("SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);

/** ingest_order found its places used up by others, and stored nothing. */
const PLACES_USED_UP = "40001";

/** Refusals, rows of a deleted account, and an own number that TikTok accepted and then refused. */
const EXPECTED_ERRORS = ["PT404", "PT409", "PT410", "23503", "23514", PLACES_USED_UP];

/** Creates a restore point, and locks no row. */
const WITHOUT_ROW_LOCKS = ["create_backup_point"];

/** A database with the world of the stress test. */
async function withWorld(
  work: (sql: postgres.Sql, database: TestDatabase) => Promise<void>,
): Promise<void> {
  const database = await createTestDatabase();
  const sql = postgres(database.url, { max: 3, onnotice: () => {} });
  try {
    await prepareStress(sql);
    await work(sql, database);
  } finally {
    await sql.end();
    await database.drop();
  }
}

/** A seller with a plan and a shop, and an order with a label that is being bought. Returns the order. */
async function addPurchase(sql: postgres.Sql): Promise<string> {
  for (const call of [CALLS.sign_up, CALLS.request_label, CALLS.start_label_purchase].flat()) {
    await sql.unsafe(`select ${call?.replaceAll(/\$[abcw]/g, "4")}`);
  }
  const [purchase] = await sql`select order_id, state from private.label_purchases`;
  assert.equal(purchase?.state, "purchasing");
  return purchase?.order_id;
}

async function isWaiting(sql: postgres.Sql, call: string): Promise<boolean> {
  const waiting = await sql`
    select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and strpos(query, ${call}) > 0`;
  return waiting.length > 0;
}

Deno.test("all SQL functions at random with deletions, on 24 connections: no deadlock, and the counters are exact", async () => {
  await withWorld(async (sql, { url }) => {
    const calls = sampleSize({ gate: 250, long: 20_000 });

    const { lockFailures, errors } = await runStress(url, { seed: SEED, calls });

    assert.deepEqual(lockFailures, [], `SEED=${SEED}`);
    const others = Object.keys(errors).filter((key) => !EXPECTED_ERRORS.includes(key.slice(0, 5)));
    assert.deepEqual(others, [], `SEED=${SEED}`);
    const [counted] = await sql`select count(*)::integer as orders from stress.counted`;
    assert.ok(counted?.orders > 0, `SEED=${SEED}: no order was stored`);
    const differences = await sql`select stress.differences() as difference`;
    assert.deepEqual(differences.map((row) => row.difference), [], `SEED=${SEED}`);
  });
});

/** Stores orders as one call each, or as one call for all; again when others used up their places. */
async function ingest(sql: postgres.Sql, shopId: string, items: postgres.JSONValue[]) {
  const [alone] = items as [{ event_id: number; order: postgres.JSONValue }];
  const call = () =>
    items.length === 1
      ? sql`select public.ingest_order(${alone.event_id}, ${shopId}, ${sql.json(alone.order)})`
      : sql`select public.ingest_orders(${shopId}, ${sql.json(items)})`;
  await call().catch((error) => {
    if (error.code !== PLACES_USED_UP) throw error;
    return call();
  });
}

Deno.test("60 orders with two events each on 20 connections use 40 places exactly, with the counters locked first and last", async () => {
  await withWorld(async (sql, { url }) => {
    await sql`select stress.sign_up(4)`;
    await sql`select public.connect_tiktok_shops(stress.user_id(4), stress.connect_grant(4, 0))`;
    await sql`update public.plans set monthly_order_limit = 40`;
    const [shop] = await sql`select id, shop_id from public.tiktok_shops`;
    const items = await sql`
      with event as (
        insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
        select 'tiktok', n::text, 'ORDER_STATUS_CHANGE', ${shop?.shop_id}, (n / 2)::text, '{}'
        from generate_series(2, 121) as n returning id, object_id)
      select jsonb_build_object('event_id', id, 'notice', '{}'::jsonb,
        'order', stress.order_json(object_id, 1) || '{"order_status": "awaiting_shipment", "payment_status": "paid"}') as item
      from event`;
    const waiting = items.map(({ item }) => item).values();
    await Promise.all(Array.from({ length: 20 }, async (_, n) => {
      await using own = open(url);
      for (let batch; (batch = waiting.take(n % 2 === 0 ? 1 : 3).toArray()).length > 0;) {
        await ingest(own, shop?.id, batch);
      }
    }));

    const [counted] = await sql`
      select (select count(*)::int from public.orders where counts_for_plan) as orders,
        (select orders from private.monthly_order_counts) as of_seller,
        (select orders from private.monthly_shop_counts) as of_shop,
        (select count(*)::int from private.held_orders) as held`;
    assert.deepEqual(counted, { orders: 40, of_seller: 40, of_shop: 40, held: 20 });
  });
});

Deno.test("every function of the API that writes is a call of the stress test", async () => {
  await withWorld(async (sql) => {
    const functions = await sql`
      select proname as name from pg_proc
      where pronamespace = 'public'::regnamespace and provolatile = 'v' and prorettype <> 'trigger'::regtype`;
    const names = functions.map((row) => row.name as string);
    assert.ok(names.includes("ingest_orders"));
    assert.deepEqual(
      names.filter((name) => !(name in CALLS) && !WITHOUT_ROW_LOCKS.includes(name)),
      [],
    );
  });
});

Deno.test("an order that is read at TikTok while its label is bought keeps what the label made of it", async () => {
  await withWorld(async (sql) => {
    const id = await addPurchase(sql);
    const [order] = await sql`
      select tiktok_shop_id, stress.order_json(tiktok_order_id, 1) as state from public.orders where id = ${id}`;
    const [event] = await sql`
      select public.receive_webhook_event('tiktok', 'late', 'ORDER_STATUS_CHANGE', null, null, '{}') as received`;
    let ingested: Promise<unknown> | undefined;

    await sql.begin(async (transaction) => {
      await transaction`
        select public.finish_label_purchase(id, stress.label(1)) from private.label_purchases`;
      ingested = sql`
        select public.ingest_order(${event?.received.event_id}, ${order?.tiktok_shop_id}, ${order?.state})`;
      ingested.catch(() => {});
      await until("ingest_order waits", () => isWaiting(sql, "ingest_order"));
    });
    await ingested;

    const [after] = await sql`select order_status from public.orders where id = ${id}`;
    assert.equal(after?.order_status, "awaiting_collection");
  });
});

/** Two sellers; the first has connected a shop and ended it. Returns the connection and an order's event. */
async function addEndedShop(sql: postgres.Sql) {
  await sql`select stress.sign_up(n) from generate_series(1, 2) as n`;
  await sql`select public.connect_tiktok_shops(stress.user_id(1), stress.connect_grant(1, 0))`;
  const [shop] = await sql`select id, shop_id from public.tiktok_shops`;
  await sql`select public.disconnect_tiktok_shop(stress.user_id(1), ${shop?.id})`;
  const [event] = await sql`
    select public.receive_webhook_event(
      'tiktok', 'late', 'ORDER_STATUS_CHANGE', ${shop?.shop_id}, '1', '{}') as received`;
  return { shopId: shop?.id as string, eventId: event?.received.event_id as string };
}

/** Calls `later` while an order of the ended connection is being stored, and checks that it waits for the commit. */
async function assertWaitsForOrder(
  sql: postgres.Sql,
  { shopId, eventId }: { shopId: string; eventId: string },
  later: string,
): Promise<void> {
  let called: Promise<unknown> | undefined;
  await sql.begin(async (transaction) => {
    await transaction`
      select public.ingest_order(${eventId}, ${shopId}, stress.order_json('1', 1))`;
    called = sql.unsafe(`select ${later}`);
    called.catch(() => {});
    await until(`${later} waits`, () => isWaiting(sql, later));
  });
  await called;
}

Deno.test("another seller takes a shop over only between two calls for it", async () => {
  await withWorld(async (sql) => {
    const ended = await addEndedShop(sql);

    await assertWaitsForOrder(
      sql,
      ended,
      "public.connect_tiktok_shops(stress.user_id(2), stress.grant_of('other', 1, array[stress.shop_id(1)]))",
    );

    const shops = await sql`
      select user_id = stress.user_id(2) as taken_over, connection_status from public.tiktok_shops order by 1`;
    assert.deepEqual([...shops], [
      { taken_over: false, connection_status: "transferred" },
      { taken_over: true, connection_status: "active" },
    ]);
  });
});

for (const deletion of ["stress.delete_account(2)", "stress.delete_in_auth(2)"]) {
  Deno.test(`${deletion} of a shop's seller waits for a call of the one who had it before`, async () => {
    await withWorld(async (sql) => {
      const ended = await addEndedShop(sql);
      await sql`
        select public.connect_tiktok_shops(
          stress.user_id(2), stress.grant_of('other', 1, array[stress.shop_id(1)]))`;

      await assertWaitsForOrder(sql, ended, deletion);

      const left =
        await sql`select tiktok_order_id, user_id = stress.user_id(1) as own from public.orders`;
      assert.deepEqual([...left], [{ tiktok_order_id: "1", own: true }]);
      assert.deepEqual(
        [...await sql`select from private.webhook_events where source = 'tiktok'`],
        [],
      );
    });
  });
}
