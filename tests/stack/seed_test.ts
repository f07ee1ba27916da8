/** db:seed on a running stack: sellers whose shops live at the simulators. */
import assert from "node:assert/strict";
import { seedStack } from "../../local/seed/seed_stack.ts";
import { SEED_PASSWORD, SEEDED_SELLERS } from "../../local/seed/sellers.ts";
import { signInSeller } from "../../local/stack/seller.ts";
import { control } from "../../local/stack/simulator_control.ts";
import { resetRows } from "../support/reset_database.ts";
import { callCommand as run } from "../support/run_command.ts";
import { SELLERS, signIn } from "../support/seed_sellers.ts";
import { test } from "../support/shared_stack.ts";
import { runEventWorker } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

/** A slow comparison prints its progress first. */
const COMPARED = /^(\d+ \.\.\.\n)*Compared 2 subscriptions with Stripe's: 0 repaired\.\n$/;

const [ADA_SHOP = ""] = SEEDED_SELLERS[0]?.shops.map(({ id }) => id) ?? [];

function pick(...emails: string[]) {
  return SEEDED_SELLERS.filter(({ email }) => emails.includes(email));
}

/** Everything that seeding makes. */
async function readRows({ sql }: TestStack): Promise<unknown[]> {
  return [
    ...await sql`select id, email, encrypted_password, last_sign_in_at from auth.users order by email`,
    ...await sql`select * from public.users order by email`,
    ...await sql`select * from public.tiktok_shops order by shop_id`,
    ...await sql`select * from public.orders order by tiktok_order_id`,
    ...await sql`select * from public.shipments order by id`,
    ...await sql`select * from public.subscriptions order by user_id`,
    ...await sql`select * from private.monthly_order_counts order by user_id, month`,
    ...await sql`select id, status from private.webhook_events order by id`,
  ];
}

/** The comparison with Stripe repairs nothing, every figure is good, and the tokens are refreshed. */
async function checkClean(stack: TestStack): Promise<void> {
  const { env, sql, data } = stack;
  const sync = await run("billing_sync", ["--data", data]);
  assert.equal(sync.code, 0, sync.text);
  assert.match(sync.text, COMPARED);
  const health = await run("db_health_check", ["--data", data]);
  assert.equal(health.code, 0, health.text);
  const anyone = await fetch(`${env.SUPABASE_URL}/functions/v1/health`);
  assert.equal((await anyone.json()).status, "healthy");
  const logins = await sql`
    update public.tiktok_shops set token_expires_at = now() + interval '1 hour' returning open_id`;
  const refresh = await fetch(`${env.SUPABASE_URL}/functions/v1/tiktok-token-refresh`, {
    method: "POST",
    headers: { apikey: env.SUPABASE_SECRET_KEY },
  });
  const { refreshed, ...others } = await refresh.json();
  assert.equal(refreshed, new Set(logins.map((row) => row.open_id)).size);
  assert.deepEqual(new Set(Object.values(others)), new Set([0]));
}

/** EasyPost has sold every label, and voided one; Stripe has both plans. */
async function checkVendors({ sql, easypost, stripe }: TestStack): Promise<void> {
  const bought = await sql`
    select carrier_shipment_id as id from private.label_purchases where provider = 'easypost'`;
  const { labels } = easypost.accounts;
  const known = labels.map(({ shipmentId }) => shipmentId);
  assert.deepEqual(known.sort(), bought.map(({ id }) => id).sort());
  assert.equal(labels.filter(({ refunded }) => refunded).length, 1);
  const plans = stripe.state.all("subscriptions").map(({ status }) => status);
  assert.deepEqual(plans.sort(), ["active", "past_due"]);
}

/** TikTok's webhook brings it, with the refreshed token. */
async function receiveNewOrder({ env, sql }: TestStack): Promise<void> {
  const { order_id, answers } = await control<{ order_id: string; answers: number[] }>(
    ...[env, "tiktok", "orders", { body: { shop_id: ADA_SHOP } }] as const,
  );
  assert.deepEqual(answers, [200]);
  await until("the new order is stored", async () => {
    const found = await sql`select from public.orders where tiktok_order_id = ${order_id}`;
    return found.length === 1;
  });
}

test("db:seed: every seller signs in and sees their own orders, in every state; twice changes nothing; their shops, labels and plans are the simulators'", async (stack) => {
  const { env, sql, data } = stack;
  const first = await run("db_seed", ["--data", data]);
  assert.equal(first.code, 0, first.text);
  const seeded = await readRows(stack);
  const second = await run("db_seed", ["--data", data]);
  assert.equal(second.code, 0, second.text);
  assert.match(first.text, /^Seeded the running stack in /);
  assert.match(
    second.text,
    /^The running stack had every seeded seller already: nothing was added\. /,
  );
  assert.deepEqual(await readRows(stack), seeded);

  for (const { email, held = 0, shops, plan } of SEEDED_SELLERS) {
    assert.ok(first.text.includes(email));
    const seller = await signInSeller(env, email, SEED_PASSWORD);
    const { data: orders } = await seller.client.from("orders").select("user_id");
    assert.deepEqual(new Set(orders?.map((row) => row.user_id)), new Set([seller.id]));
    assert.equal(orders?.length, shops.flatMap(({ orders }) => orders).length - held, email);
    const { data: usage } = await seller.client.rpc("get_usage");
    assert.equal((usage as { held: number }).held, held);
    const { data: found } = await seller.client.from("subscriptions").select("plan_name, status");
    const status = plan?.pastDue ? "past_due" : "active";
    assert.deepEqual(found, plan ? [{ plan_name: plan.name, status }] : []);
  }
  const states = await sql`select distinct order_status as name from public.orders order by 1`;
  assert.deepEqual(states.map(({ name }) => name), [
    ...["awaiting_collection", "awaiting_shipment", "cancelled", "completed", "delivered"],
    ...["in_transit", "on_hold", "partially_shipped", "received"],
  ]);
  const labels = await sql`select distinct status as name from public.shipments order by 1`;
  assert.deepEqual(labels.map(({ name }) => name), [
    ...["delivered", "in_transit", "purchased", "voided"],
  ]);
  await checkVendors(stack);
  await checkClean(stack);
  await receiveNewOrder(stack);
});

test("an emptied database is seeded again, and the simulators keep nothing of the former sellers", async (stack) => {
  const { env, sql } = stack;
  const sellers = pick(SELLERS.bob, "cara@creatorflow.test");
  await seedStack(env, sellers);
  const count = async () => {
    const [row] = await sql`
      select (select count(*)::int from public.orders) as orders,
        (select count(*)::int from public.shipments) as shipments`;
    return { ...row };
  };
  const before = await count();
  await resetRows(stack);
  await seedStack(env, sellers);

  assert.deepEqual(await count(), before);
  const { subscriptions } = await control<{ subscriptions: { status: string }[] }>(
    ...[env, "stripe", "", { method: "GET" }] as const,
  );
  assert.deepEqual(subscriptions.map(({ status }) => status).sort(), ["canceled", "past_due"]);
  const sync = await run("billing_sync", ["--data", stack.data]);
  assert.match(sync.text, COMPARED);
});

test("a seeding that a carrier's outage ends says what failed, and the next one buys what is missing, once", async (stack) => {
  const { env, easypost } = stack;
  const sellers = pick(SELLERS.bob);
  easypost.faults.add({ kind: "html", method: "POST", path: "/v2/shipments" });
  await assert.rejects(
    seedStack(env, sellers),
    /^Error: bob@creatorflow\.test could not ship .*: carrier_/,
  );
  assert.equal(easypost.accounts.labelsBought, 0);
  easypost.faults.clear();
  await runEventWorker(stack);
  await seedStack(env, sellers);
  await seedStack(env, sellers);
  assert.equal(easypost.accounts.labelsBought, 1);
});

test("the sellers of seed.sql are not seeded over: migration:reset is named, and nothing changes", async (stack) => {
  const { env, data } = stack;
  await run("db_seed", ["--db-url", env.SUPABASE_DB_URL]);
  assert.ok(await signIn(env, SELLERS.ada));
  const before = await readRows(stack);
  const { code, text } = await run("db_seed", ["--data", data]);
  assert.equal(code, 1);
  assert.match(text, /sellers of supabase\/seed\.sql.*task migration:reset/);
  assert.deepEqual(await readRows(stack), before);
  assert.deepEqual(stack.stripe.state.all("customers"), []);
});
