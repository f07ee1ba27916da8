/** Subscriptions: their status, plan and limit, and their Stripe ids at rest. */
import assert from "node:assert/strict";
import type postgres from "postgres";
import { rotateKeys } from "../../local/operations/rotate_keys.ts";
import { decrypt } from "../../shared/crypto/encryption.ts";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import {
  assertNoSecretLogged,
  callBilling,
  customerOf,
  planOf,
  signUp,
  storedSubscriptions,
  stripeOf,
  subscribeAtStripe,
  usageOf,
} from "../support/billing.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, settledEvents } from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const key = (id: string) => `${id}:${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`;
const [NEW_KEY, OLD_KEY] = [key("new_1"), key("old")];

let stack: TestStack;
const step = testOnOneStack("subscriptions, their limits and their ids at rest", async () => {
  const environment = { ENCRYPTION_KEYS: `${NEW_KEY},${OLD_KEY}` };
  return stack = await startTestStack({ environment });
}, () => stack.stripe.faults.clear());

async function receiveOrders(seller: ConnectedSeller, orders: number): Promise<void> {
  for (let n = 0; n < orders; n++) {
    const order = stack.tiktok.addOrder({ shopId: seller.shopId });
    assert.equal(await stack.tiktok.send(stack.tiktok.notificationOf(order)), 200);
  }
  await settledEvents(stack);
}

/** Usage without the month's end. */
async function countsOf(seller: ConnectedSeller) {
  const { used, limit, held } = await usageOf(seller);
  return { used, limit, held };
}

/** Changes a subscription at Stripe, and waits until its events are settled. */
async function change(
  id: string,
  name: Parameters<TestStack["stripe"]["advance"]>[1],
  detail: { price?: string } = {},
): Promise<void> {
  await stack.stripe.advance(id, name, detail);
  await settledEvents(stack);
}

step("each status of a subscription sets the profile and the limit", async () => {
  const seller = await signUp(stack);
  const { id } = await subscribeAtStripe(stack, seller, "growth");
  const table = [
    ["payment_fails", "past_due", "growth", 10],
    ["payment_succeeds", "active", "growth", 500],
    ["renew", "active", "growth", 500],
    ["pause_collection", "paused", "growth", 10],
    ["resume_collection", "active", "growth", 500],
    ["pause", "paused", "growth", 10],
    ["resume", "active", "growth", 500],
    ["dispute", "active", "growth", 500],
    ["payment_fails", "past_due", "growth", 10],
    ["give_up_unpaid", "unpaid", "growth", 10],
    ["payment_succeeds", "active", "growth", 500],
    ["cancel", "canceled", "starter", 10],
  ] as const;
  for (const [name, status, tier, limit] of table) {
    await change(id, name);
    assert.deepEqual(await planOf(stack, seller), { status, tier, limit }, name);
  }
});

step(
  "a Stripe trial has its plan's limit; an incomplete subscription has the trial's",
  async () => {
    const stripe = stripeOf(stack);
    const seller = await signUp(stack);
    await subscribeAtStripe(stack, seller, "growth").then(({ id }) => change(id, "cancel"));
    const customer = customerOf(stack, seller).id;
    const items = [{ price: "price_scale" }];
    const metadata = { user_id: seller.id };
    const trial = await stripe.subscriptions.create({
      ...{ customer, items, metadata },
      trial_period_days: 14,
    });
    await stack.stripe.settled();
    await settledEvents(stack);
    assert.deepEqual(await planOf(stack, seller), {
      status: "trialing",
      tier: "scale",
      limit: 999999,
    });
    await stripe.subscriptions.cancel(trial.id);
    const incomplete = await stripe.subscriptions.create({
      ...{ customer, items, metadata },
      payment_behavior: "default_incomplete",
    });
    assert.equal(incomplete.status, "incomplete");
    await stack.stripe.settled();
    await settledEvents(stack);
    assert.deepEqual(await planOf(stack, seller), {
      status: "incomplete",
      tier: "scale",
      limit: 10,
    });
    await stack.stripe.advance(incomplete.id, "incomplete_expires");
    await settledEvents(stack);
    assert.equal((await planOf(stack, seller)).limit, 10);
    assert.deepEqual(
      (await storedSubscriptions(stack, seller)).at(-1)?.status,
      "incomplete_expired",
    );
  },
);

step(
  "past due holds new orders above 10; once the invoice is paid they are ingested automatically",
  async () => {
    const seller = await connectSeller(stack);
    const { id } = await subscribeAtStripe(stack, seller, "starter");
    await receiveOrders(seller, 8);
    await change(id, "payment_fails");
    await receiveOrders(seller, 5);
    assert.deepEqual(await countsOf(seller), { used: 10, limit: 10, held: 3 });
    await stack.stripe.advance(id, "payment_succeeds");
    // No call of the event worker.
    await until("the held orders are stored", async () => (await usageOf(seller)).used === 13);
    assert.deepEqual(await countsOf(seller), { used: 13, limit: 100, held: 0 });
  },
);

step("a smaller plan holds only new orders; stored orders are still updated", async () => {
  const seller = await connectSeller(stack);
  const { id } = await subscribeAtStripe(stack, seller, "growth");
  await stack.sql`update public.plans set monthly_order_limit = 12 where name = 'starter'`;
  await receiveOrders(seller, 14);
  await change(id, "change_price", { price: "price_starter" });
  await receiveOrders(seller, 2);
  assert.deepEqual(await countsOf(seller), { used: 14, limit: 12, held: 2 });
  const [order] = await stack.sql`
    select tiktok_order_id as id from public.orders where user_id = ${seller.id} limit 1`;
  const changed = stack.tiktok.changeOrder(order?.id, "CANCELLED");
  await stack.tiktok.send(stack.tiktok.notificationOf(changed));
  await settledEvents(stack);
  const [row] = await stack.sql`
    select tiktok_status from public.orders where tiktok_order_id = ${order?.id}`;
  assert.equal(row?.tiktok_status, "CANCELLED");
  assert.equal((await usageOf(seller)).held, 2);
  await stack.sql`update public.plans set monthly_order_limit = 100 where name = 'starter'`;
});

step("a subscription that ends with its period stays active until then", async () => {
  const seller = await signUp(stack);
  const { id } = await subscribeAtStripe(stack, seller, "growth");
  await change(id, "cancel_at_period_end");
  assert.deepEqual(await storedSubscriptions(stack, seller), [
    { plan_name: "growth", status: "active", cancel_at_period_end: true },
  ]);
  assert.deepEqual(await planOf(stack, seller), { status: "active", tier: "growth", limit: 500 });
  await change(id, "keep");
  assert.equal((await storedSubscriptions(stack, seller))[0]?.cancel_at_period_end, false);
  await stack.stripe.advance(id, "cancel_at_period_end");
  await change(id, "period_ends");
  assert.deepEqual(await planOf(stack, seller), { status: "canceled", tier: "starter", limit: 10 });
});

step("Stripe ids are encrypted, each for its own column", async () => {
  const seller = await signUp(stack);
  const { id, customer } = await subscribeAtStripe(stack, seller, "starter");
  const [row] = await stack.sql`
    select customer.stripe_customer_id as bound, subscription.stripe_customer_id as customer,
      stripe_subscription_id as subscription
    from private.stripe_customers as customer
    join public.subscriptions as subscription using (user_id) where user_id = ${seller.id}`;
  const text = JSON.stringify(row);
  assert.ok(!text.includes(id) && !text.includes(customer), text);
  const ring = parseKeyRing(stack.env.ENCRYPTION_KEYS);
  assert.deepEqual(
    [
      await decrypt(ring, row?.bound, "stripe_customers.stripe_customer_id"),
      await decrypt(ring, row?.customer, "subscriptions.stripe_customer_id"),
      await decrypt(ring, row?.subscription, "subscriptions.stripe_subscription_id"),
    ],
    [customer, customer, id],
  );
  // A text of one column does not decrypt in another.
  await assert.rejects(decrypt(ring, row?.bound, "subscriptions.stripe_customer_id"));
});

/** Fills both tables, so the planner has a reason to use an index. */
/** Runs `work` in a transaction of which nothing stays. */
async function rolledBack(work: (sql: postgres.TransactionSql) => Promise<void>): Promise<void> {
  const enough = new Error("The work is done");
  const ended = stack.sql.begin(async (sql) => {
    await work(sql);
    throw enough;
  });
  await ended.catch((error) => {
    if (error !== enough) throw error;
  });
}

async function addFillers(sql: postgres.TransactionSql, encrypted: string): Promise<void> {
  await sql`
    insert into auth.users (id, email)
    select gen_random_uuid(), 'filler-' || n || '@example.com' from generate_series(1, 3000) as n`;
  await sql`
    insert into private.stripe_customers (user_id, stripe_customer_id, stripe_customer_id_hash)
    select id, ${encrypted}, 'filler.' || id from public.users where email like 'filler-%'`;
  await sql`
    insert into public.subscriptions (user_id, stripe_customer_id, stripe_customer_id_hash,
      stripe_subscription_id, stripe_subscription_id_hash, plan_name, status)
    select id, ${encrypted}, 'filler.' || id, ${encrypted}, 'filler.' || id, 'growth', 'canceled'
    from public.users where email like 'filler-%'`;
  await sql`analyze private.stripe_customers`;
  await sql`analyze public.subscriptions`;
}

step("rows are found by the hashes of their Stripe ids through an index", async () => {
  const seller = await signUp(stack);
  await subscribeAtStripe(stack, seller, "starter");
  const [row] = await stack.sql`
    select customer.stripe_customer_id as text, customer.stripe_customer_id_hash as customer,
      stripe_subscription_id_hash as subscription
    from private.stripe_customers as customer
    join public.subscriptions as subscription using (user_id) where user_id = ${seller.id}`;
  await rolledBack(async (sql) => {
    await addFillers(sql, row?.text);
    // The conditions below are those of the functions.
    const assertSource = async (name: string, pattern: RegExp) => {
      const [source] = await sql`select prosrc from pg_proc where proname = ${name}`;
      assert.match(source?.prosrc, pattern);
    };
    await assertSource("find_stripe_customers", /stripe_customer_id_hash = any \(p_hashes\)/);
    await assertSource("apply_subscription", /stripe_subscription_id_hash = any \(hashes\)/);
    const customers = await sql`
      explain select user_id, version from private.stripe_customers
      where stripe_customer_id_hash = any (${[row?.customer, "x"]})`;
    const subscriptions = [
      await sql`
        explain select * from public.subscriptions
        where stripe_subscription_id_hash = any (${[row?.subscription, "x"]})`,
      await sql`
        explain select said.place, stored.id
        from generate_series(0, 99) as said (place)
        left join public.subscriptions as stored
          on stored.stripe_subscription_id_hash = any (array(
            select jsonb_array_elements_text(jsonb_build_array(said.place::text, 'x'))
          ))`,
      await sql`
        explain update public.subscriptions set reconciled_at = now()
        where stripe_subscription_id_hash = any (array(
          select jsonb_array_elements_text(${sql.json([row?.subscription, "x"])})))`,
    ];
    assertUsesIndex(customers, "stripe_customers_stripe_customer_id_hash_key");
    for (const lines of subscriptions) {
      assertUsesIndex(lines, "subscriptions_stripe_subscription_id_hash_key");
    }
  });
});

function assertUsesIndex(lines: readonly Record<string, unknown>[], index: string): void {
  const plan = lines.map((line) => line["QUERY PLAN"]).join("\n");
  assert.ok(plan.includes(index), plan);
  assert.doesNotMatch(plan, /Seq Scan on (stripe_customers|subscriptions)/);
}

/** Number of rows whose id and hash are of the key `name` (a LIKE pattern). */
async function countRowsOfKey(name: string) {
  const [row] = await stack.sql`
    select (select count(*)::int from private.stripe_customers
            where stripe_customer_id like ${`v1.${name}.%`}
              and stripe_customer_id_hash like ${`${name}.%`}) as customers,
           (select count(*)::int from public.subscriptions
            where stripe_subscription_id like ${`v1.${name}.%`}
              and stripe_subscription_id_hash like ${`${name}.%`}) as subscriptions`;
  return { ...row };
}

step("after keys:rotate everything still works, and the old key is no longer needed", async () => {
  const seller = await signUp(stack);
  const { id } = await subscribeAtStripe(stack, seller, "starter");
  const customer = customerOf(stack, seller).id;
  const all = await countRowsOfKey("new\\_1");
  assert.ok(all.customers > 5 && all.subscriptions > 5);
  const assertWorks = async (name: "payment_fails" | "payment_succeeds", limit: number) => {
    const { answers } = await stack.stripe.advance(id, name);
    assert.deepEqual(new Set(answers), new Set([200]));
    await settledEvents(stack);
    assert.equal((await planOf(stack, seller)).limit, limit);
    assert.equal((await storedSubscriptions(stack, seller)).length, 1);
    const portal = await callBilling(stack, seller, "/checkout", { plan: "scale" });
    assert.equal(portal.body.kind, "portal");
    assert.equal(stack.stripe.state.all("portalSessions").at(-1)?.customer, customer);
  };
  // The rows are now as they were before the new key was added.
  const back = await rotateKeys(stack.sql, parseKeyRing(`${OLD_KEY},${NEW_KEY}`));
  assert.deepEqual(back.failures, []);
  assert.deepEqual(await countRowsOfKey("old"), all);
  await assertWorks("payment_fails", 10);
  const { failures } = await rotateKeys(stack.sql, parseKeyRing(stack.env.ENCRYPTION_KEYS));
  assert.deepEqual(failures, []);
  assert.deepEqual(await countRowsOfKey("new\\_1"), all);
  await assertWorks("payment_succeeds", 100);
  const [row] = await stack.sql`
    select stripe_customer_id as text from private.stripe_customers where user_id = ${seller.id}`;
  const alone = parseKeyRing(NEW_KEY);
  assert.equal(await decrypt(alone, row?.text, "stripe_customers.stripe_customer_id"), customer);
});

step("no log line has a key, a Stripe id or an e-mail address", async () => {
  await assertNoSecretLogged(stack);
});
