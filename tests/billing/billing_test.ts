/** The ways to Stripe's checkout and portal, and what each state of a subscription allows. */
import assert from "node:assert/strict";
import { readLogs } from "../support/logs.ts";
import { rotateKeys } from "../../local/operations/rotate_keys.ts";
import { decrypt } from "../../shared/crypto/encryption.ts";
import { parseKeyRing } from "../../shared/crypto/key_ring.ts";
import {
  buy,
  callBilling,
  customerOf,
  payCheckout,
  planOf,
  signUp,
  storedSubscriptions,
  stripeOf,
  subscribeAtStripe,
  subscriptionsOf,
  usageOf,
} from "../support/billing.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import { type ConnectedSeller, connectSeller, settledEvents } from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const key = (id: string) => `${id}:${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`;
const [NEW_KEY, OLD_KEY] = [key("new_1"), key("old")];

const LIMITS = { trial: 10, starter: 100, growth: 500, scale: 999999 } as const;
const PLANS = ["starter", "growth", "scale"] as const;

let stack: TestStack;
const step = testOnOneStack(
  "checkout, portal, and what each state of a subscription allows",
  async () => {
    const environment = { ENCRYPTION_KEYS: `${NEW_KEY},${OLD_KEY}` };
    return stack = await startTestStack({ environment });
  },
  () => {
    stack.stripe.faults.clear();
    stack.stripe.behaviour.autoSend = true;
  },
);

/** What was made at Stripe so far: refused requests add nothing. */
function made(): Record<string, number> {
  const { state } = stack.stripe;
  const kinds = ["customers", "subscriptions", "checkoutSessions", "portalSessions"] as const;
  return Object.fromEntries(kinds.map((kind) => [kind, state.all(kind).length]));
}

function sessionsOf(customerId: string) {
  return stack.stripe.state.all("checkoutSessions").filter((s) => s.customer === customerId);
}

/** Pays on Stripe's page, and waits until that is known here. */
async function pay(url: string): Promise<void> {
  await payCheckout(url);
  await stack.stripe.settled();
  await settledEvents(stack);
}

async function receive(seller: ConnectedSeller, orders: number): Promise<void> {
  for (let n = 0; n < orders; n++) {
    const order = stack.tiktok.addOrder({ shopId: seller.shopId });
    assert.equal(await stack.tiktok.send(stack.tiktok.notificationOf(order)), 200);
  }
  await settledEvents(stack);
}

step(
  "a checkout of each plan sells the configured price to the seller's own customer",
  async () => {
    for (const plan of PLANS) {
      const seller = await signUp(stack);
      const { status, body } = await callBilling(stack, seller, "/checkout", { plan });
      assert.deepEqual([status, body.kind, Object.keys(body).sort()], [200, "checkout", [
        "kind",
        "url",
      ]]);
      const customer = customerOf(stack, seller);
      assert.equal(customer.email, seller.email);
      const [session, ...others] = sessionsOf(customer.id);
      assert.ok(session);
      assert.equal(others.length, 0);
      assert.deepEqual([session.url, session.client_reference_id], [body.url, seller.id]);
      assert.equal(new URL(session.success_url).origin, new URL(stack.env.APP_URL).origin);
      // Nothing is given before it is paid.
      assert.deepEqual(await planOf(stack, seller), {
        status: "trial",
        tier: "starter",
        limit: 10,
      });
      await pay(body.url);
      const [subscription] = subscriptionsOf(stack, customer.id);
      assert.equal(subscription?.items.data[0]?.price.id, `price_${plan}`);
      assert.equal(subscription?.metadata.user_id, seller.id);
      await settledEvents(stack);
      const bought = { status: "active", tier: plan, limit: LIMITS[plan] };
      assert.deepEqual(await planOf(stack, seller), bought);
    }
  },
);

step("what a request may not say is refused, and nothing is made at Stripe", async () => {
  const seller = await signUp(stack);
  const before = made();
  const bodies = [
    {},
    { plan: "trial" },
    { plan: "enterprise" },
    { plan: "price_scale" },
    { plan: ["starter"] },
    { plan: "starter", price: "price_other" },
    { plan: "starter", amount: 1 },
    { plan: "starter", quantity: 0 },
    { plan: "starter", trial_period_days: 365 },
    { plan: "starter", customer: "cus_other" },
    { plan: "starter", user_id: crypto.randomUUID() },
    { plan: "starter", success_url: "https://elsewhere.example" },
  ];
  for (const body of bodies) {
    const answer = await callBilling(stack, seller, "/checkout", body);
    assert.deepEqual(
      [answer.status, answer.body.code],
      [400, "invalid_body"],
      JSON.stringify(body),
    );
  }
  const portal = await callBilling(stack, seller, "/portal", { customer: "cus_other" });
  assert.deepEqual([portal.status, portal.body.code], [400, "invalid_body"]);
  for (const path of ["/checkout", "/portal"]) {
    for (const accessToken of ["", "no-token", stack.env.SUPABASE_PUBLISHABLE_KEY]) {
      const answer = await callBilling(stack, { accessToken }, path, { plan: "starter" });
      assert.equal(answer.status, 401, `${path} ${accessToken}`);
    }
    const got = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/billing${path}`);
    await got.body?.cancel();
    assert.equal(got.status, 405);
  }
  assert.deepEqual(made(), before);
});

step("20 checkouts at once make one customer and one open session", async () => {
  const seller = await signUp(stack);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => callBilling(stack, seller, "/checkout", { plan: "growth" })),
  );
  assert.deepEqual(answers.map(({ status }) => status), Array(20).fill(200));
  assert.equal(new Set(answers.map(({ body }) => body.url)).size, 1);
  const customers = stack.stripe.state.all("customers")
    .filter(({ metadata }) => metadata?.user_id === seller.id);
  assert.equal(customers.length, 1);
  assert.equal(sessionsOf(customers[0]?.id ?? "").length, 1);
  const [row] = await stack.sql`
    select count(*)::int as rows from private.stripe_customers where user_id = ${seller.id}`;
  assert.equal(row?.rows, 1);
});

step(
  "an unfinished checkout goes on; one of another plan ends it, and its page sells nothing",
  async () => {
    const seller = await signUp(stack);
    const ask = async (plan: string) =>
      (await callBilling(stack, seller, "/checkout", { plan })).body;
    const first = await ask("starter");
    assert.deepEqual(await ask("starter"), first);
    const second = await ask("scale");
    assert.notEqual(second.url, first.url);
    assert.deepEqual(
      sessionsOf(customerOf(stack, seller).id).map(({ status }) => status),
      ["expired", "open"],
    );
    await assert.rejects(payCheckout(first.url), /4\d\d/);
    // And back again: the expired session is not handed out.
    const third = await ask("starter");
    assert.ok(third.url !== first.url && third.url !== second.url);
    await assert.rejects(payCheckout(second.url), /4\d\d/);
    await pay(third.url);
    await settledEvents(stack);
    assert.equal((await planOf(stack, seller)).tier, "starter");
  },
);

step("checkouts of different plans at once leave one open session", async () => {
  const seller = await signUp(stack);
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(
      [...PLANS, ...PLANS].map((plan) => callBilling(stack, seller, "/checkout", { plan })),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    const open = sessionsOf(customerOf(stack, seller).id).filter((s) => s.status === "open");
    assert.equal(open.length, 1);
    assert.ok(answers.some(({ body }) => body.url === open[0]?.url));
  }
});

step(
  "who has a subscription gets the portal, also before we know of it; no session is made",
  async () => {
    const seller = await signUp(stack);
    stack.stripe.behaviour.autoSend = false;
    await buy(stack, seller, "starter");
    const customer = customerOf(stack, seller).id;
    const refused = async () => {
      const { status, body } = await callBilling(stack, seller, "/checkout", { plan: "growth" });
      assert.deepEqual([status, body.kind], [200, "portal"]);
      assert.match(body.url, /portal/);
      assert.equal(sessionsOf(customer).length, 1);
      assert.equal(subscriptionsOf(stack, customer).length, 1);
    };
    assert.deepEqual(await storedSubscriptions(stack, seller), []);
    await refused();
    for (const event of stack.stripe.pendingEvents.splice(0)) await stack.stripe.send(event);
    await settledEvents(stack);
    assert.equal((await planOf(stack, seller)).status, "active");
    await refused();
    // What is not paid is a subscription nevertheless.
    const [subscription] = subscriptionsOf(stack, customer);
    await stack.stripe.advance(subscription?.id ?? "", "payment_fails");
    await refused();
    await stack.stripe.advance(subscription?.id ?? "", "give_up_unpaid");
    await refused();
    await stack.stripe.advance(subscription?.id ?? "", "cancel");
    const again = await callBilling(stack, seller, "/checkout", { plan: "growth" });
    assert.equal(again.body.kind, "checkout");
    stack.stripe.pendingEvents.splice(0);
  },
);

step("the portal is for those who have been at Stripe, and is their own", async () => {
  const seller = await signUp(stack);
  const before = made();
  const refused = await callBilling(stack, seller, "/portal");
  assert.deepEqual([refused.status, refused.body.code], [409, "no_subscription"]);
  assert.deepEqual(made(), before);
  await subscribeAtStripe(stack, seller, "starter");
  const { status, body } = await callBilling(stack, seller, "/portal");
  assert.equal(status, 200);
  const session = stack.stripe.state.all("portalSessions").at(-1);
  assert.deepEqual([session?.url, session?.customer], [body.url, customerOf(stack, seller).id]);
});

step(
  "while Stripe is down a checkout is 502, says nothing of it, and works afterwards",
  async () => {
    const seller = await signUp(stack);
    const known = await signUp(stack);
    await subscribeAtStripe(stack, known, "starter");
    const before = made();
    for (const kind of ["internal", "html", "truncated"] as const) {
      stack.stripe.faults.add({ kind, path: /^\/v1\/|^\/simulators/ });
      const answers = await Promise.all([
        callBilling(stack, seller, "/checkout", { plan: "starter" }),
        callBilling(stack, known, "/checkout", { plan: "starter" }),
        callBilling(stack, known, "/portal"),
      ]);
      stack.stripe.faults.clear();
      for (const { status, body } of answers) {
        assert.deepEqual([status, body.code], [502, "stripe_unavailable"], kind);
        assert.doesNotMatch(JSON.stringify(body), /[sr]k_|cus_|sub_|price_|cs_|127\.0\.0\.1/);
      }
    }
    assert.deepEqual(
      { ...made(), portalSessions: 0 },
      { ...before, portalSessions: 0 },
    );
    const { status, body } = await callBilling(stack, seller, "/checkout", { plan: "starter" });
    assert.deepEqual([status, body.kind], [200, "checkout"]);
  },
);

step(
  "the answer to a checkout that Stripe made is lost: the same session is found again",
  async () => {
    const seller = await signUp(stack);
    stack.stripe.faults.add({ kind: "lost", method: "POST", path: "/v1/" });
    const lost = await callBilling(stack, seller, "/checkout", { plan: "starter" });
    assert.equal(lost.status, 502);
    stack.stripe.faults.clear();
    stack.stripe.faults.add({ kind: "lost", method: "POST", path: "/v1/checkout/" });
    assert.equal((await callBilling(stack, seller, "/checkout", { plan: "starter" })).status, 502);
    stack.stripe.faults.clear();
    const { body } = await callBilling(stack, seller, "/checkout", { plan: "starter" });
    const customers = stack.stripe.state.all("customers")
      .filter(({ metadata }) => metadata?.user_id === seller.id);
    assert.equal(customers.length, 1);
    const sessions = sessionsOf(customers[0]?.id ?? "");
    assert.deepEqual(sessions.map(({ url }) => url), [body.url]);
  },
);

step("a customer who was deleted at Stripe is replaced, and what they had has ended", async () => {
  const stripe = await stripeOf(stack);
  const seller = await signUp(stack);
  await subscribeAtStripe(stack, seller, "growth");
  const gone = customerOf(stack, seller).id;
  // Its events are lost.
  stack.stripe.behaviour.autoSend = false;
  await stripe.customers.del(gone);
  assert.equal((await planOf(stack, seller)).limit, 500);
  const portal = await callBilling(stack, seller, "/portal");
  assert.deepEqual([portal.status, portal.body.code], [409, "no_subscription"]);

  const answers = await Promise.all(
    Array.from({ length: 5 }, () => callBilling(stack, seller, "/checkout", { plan: "starter" })),
  );
  assert.deepEqual(answers.map(({ status }) => status), Array(5).fill(200));
  assert.equal(new Set(answers.map(({ body }) => body.url)).size, 1);
  const customer = customerOf(stack, seller).id;
  assert.notEqual(customer, gone);
  assert.deepEqual(await planOf(stack, seller), { status: "canceled", tier: "starter", limit: 10 });

  // The lost events come after all: they change nothing for the new customer.
  stack.stripe.behaviour.autoSend = true;
  await pay(answers[0]?.body.url);
  for (const event of stack.stripe.pendingEvents.splice(0)) await stack.stripe.send(event);
  await settledEvents(stack);
  assert.deepEqual(await planOf(stack, seller), { status: "active", tier: "starter", limit: 100 });
  assert.deepEqual((await storedSubscriptions(stack, seller)).map(({ status }) => status), [
    "canceled",
    "active",
  ]);
  assert.equal((await callBilling(stack, seller, "/portal")).status, 200);
});

step("a page that was open when its customer was deleted is not handed out again", async () => {
  const seller = await signUp(stack);
  const first = await callBilling(stack, seller, "/checkout", { plan: "starter" });
  await (await stripeOf(stack)).customers.del(customerOf(stack, seller).id);
  const second = await callBilling(stack, seller, "/checkout", { plan: "starter" });
  assert.deepEqual([second.status, second.body.kind], [200, "checkout"]);
  assert.notEqual(second.body.url, first.body.url);
  await pay(second.body.url);
  assert.deepEqual(await planOf(stack, seller), { status: "active", tier: "starter", limit: 100 });
});

step("ids are encrypted, and found by their hashes through an index", async () => {
  const seller = await signUp(stack);
  const { id, customer } = await subscribeAtStripe(stack, seller, "starter");
  const [row] = await stack.sql`
    select customer.stripe_customer_id as bound, subscription.stripe_customer_id as customer,
      stripe_subscription_id as subscription, customer.stripe_customer_id_hash as bound_hash,
      stripe_subscription_id_hash as hash
    from private.stripe_customers as customer
    join public.subscriptions as subscription using (user_id) where user_id = ${seller.id}`;
  const text = JSON.stringify(row);
  assert.ok(!text.includes(id) && !text.includes(customer), text);
  const ring = await parseKeyRing(stack.env.ENCRYPTION_KEYS);
  assert.deepEqual(
    [
      await decrypt(ring, row?.bound, "stripe_customers.stripe_customer_id"),
      await decrypt(ring, row?.customer, "subscriptions.stripe_customer_id"),
      await decrypt(ring, row?.subscription, "subscriptions.stripe_subscription_id"),
    ],
    [customer, customer, id],
  );
  // One text stands for the other nowhere.
  await assert.rejects(decrypt(ring, row?.bound, "subscriptions.stripe_customer_id"));

  // Many rows, so that the planner has a reason.
  await stack.sql.begin(async (sql) => {
    await sql`
      insert into auth.users (id, email)
      select gen_random_uuid(), 'filler-' || n || '@example.com' from generate_series(1, 3000) as n`;
    await sql`
      insert into private.stripe_customers (user_id, stripe_customer_id, stripe_customer_id_hash)
      select id, ${row?.bound}, 'filler.' || id from public.users where email like 'filler-%'`;
    await sql`
      insert into public.subscriptions (user_id, stripe_customer_id, stripe_customer_id_hash,
        stripe_subscription_id, stripe_subscription_id_hash, plan_name, status)
      select id, ${row?.customer}, 'filler.' || id, ${row?.subscription}, 'filler.' || id, 'growth',
        'canceled'
      from public.users where email like 'filler-%'`;
    await sql`analyze private.stripe_customers`;
    await sql`analyze public.subscriptions`;
    // What the functions do, as they are written.
    const written = async (name: string, pattern: RegExp) => {
      const [source] = await sql`select prosrc from pg_proc where proname = ${name}`;
      assert.match(source?.prosrc, pattern);
    };
    await written("find_stripe_customer", /stripe_customer_id_hash = any \(p_hashes\)/);
    await written("apply_subscription", /stripe_subscription_id_hash = any \(hashes\)/);
    const plans = [
      await sql`
        explain select user_id, version from private.stripe_customers
        where stripe_customer_id_hash = any (${[row?.bound_hash, "x"]})`,
      await sql`
        explain select * from public.subscriptions
        where stripe_subscription_id_hash = any (${[row?.hash, "x"]})`,
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
          select jsonb_array_elements_text(${sql.json([row?.hash, "x"])})))`,
    ].map((lines) => lines.map((line) => line["QUERY PLAN"]).join("\n"));
    const indexes = [
      "stripe_customers_stripe_customer_id_hash_key",
      "subscriptions_stripe_subscription_id_hash_key",
      "subscriptions_stripe_subscription_id_hash_key",
      "subscriptions_stripe_subscription_id_hash_key",
    ];
    for (const [n, plan] of plans.entries()) {
      assert.ok(plan.includes(indexes[n] as string), plan);
      assert.doesNotMatch(plan, /Seq Scan on (stripe_customers|subscriptions)/);
    }
    await sql`delete from auth.users where email like 'filler-%'`;
  });
});

step("after keys:rotate everything works on, and the old key is not needed any more", async () => {
  const seller = await signUp(stack);
  const { id } = await subscribeAtStripe(stack, seller, "starter");
  const bought = customerOf(stack, seller).id;
  const countWith = async (name: string) => {
    const [row] = await stack.sql`
      select (select count(*)::int from private.stripe_customers
              where stripe_customer_id like ${`v1.${name}.%`}
                and stripe_customer_id_hash like ${`${name}.%`}) as customers,
             (select count(*)::int from public.subscriptions
              where stripe_subscription_id like ${`v1.${name}.%`}
                and stripe_subscription_id_hash like ${`${name}.%`}) as subscriptions`;
    return { ...row };
  };
  const all = await countWith("new\\_1");
  assert.ok(all.customers > 5 && all.subscriptions > 5);
  const works = async (change: "payment_fails" | "payment_succeeds", limit: number) => {
    const { answers } = await stack.stripe.advance(id, change);
    assert.deepEqual(new Set(answers), new Set([200]));
    await settledEvents(stack);
    assert.equal((await planOf(stack, seller)).limit, limit);
    assert.equal((await storedSubscriptions(stack, seller)).length, 1);
    const portal = await callBilling(stack, seller, "/checkout", { plan: "scale" });
    assert.equal(portal.body.kind, "portal");
    assert.equal(stack.stripe.state.all("portalSessions").at(-1)?.customer, bought);
  };
  // As if the rows were from before the new key came.
  const back = await rotateKeys(stack.sql, await parseKeyRing(`${OLD_KEY},${NEW_KEY}`));
  assert.deepEqual(back.failures, []);
  assert.deepEqual(await countWith("old"), all);
  await works("payment_fails", 10);
  const { failures } = await rotateKeys(stack.sql, await parseKeyRing(stack.env.ENCRYPTION_KEYS));
  assert.deepEqual(failures, []);
  assert.deepEqual(await countWith("new\\_1"), all);
  await works("payment_succeeds", 100);
  const [row] = await stack.sql`
    select stripe_customer_id as text from private.stripe_customers where user_id = ${seller.id}`;
  const alone = await parseKeyRing(NEW_KEY);
  assert.equal(await decrypt(alone, row?.text, "stripe_customers.stripe_customer_id"), bought);
});

step("each state of a subscription at Stripe: what the profile says and the limit is", async () => {
  const stripe = await stripeOf(stack);
  const seller = await signUp(stack);
  const { id } = await subscribeAtStripe(stack, seller, "growth");
  const table = [
    ["payment_fails", "past_due", "growth", 10],
    ["payment_succeeds", "active", "growth", 500],
    ["renew", "active", "growth", 500],
    ["pause_collection", "active", "growth", 500],
    ["resume_collection", "active", "growth", 500],
    ["pause", "paused", "growth", 10],
    ["resume", "active", "growth", 500],
    ["dispute", "active", "growth", 500],
    ["payment_fails", "past_due", "growth", 10],
    ["give_up_unpaid", "unpaid", "growth", 10],
    ["payment_succeeds", "active", "growth", 500],
    ["cancel", "canceled", "starter", 10],
  ] as const;
  for (const [change, status, tier, limit] of table) {
    await stack.stripe.advance(id, change);
    await settledEvents(stack);
    assert.deepEqual(await planOf(stack, seller), { status, tier, limit }, change);
  }
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
  assert.deepEqual((await storedSubscriptions(stack, seller)).at(-1)?.status, "incomplete_expired");
});

step(
  "past due holds new orders over 10; once the invoice is paid they come in by themselves",
  async () => {
    const seller = await connectSeller(stack);
    const { id } = await subscribeAtStripe(stack, seller, "starter");
    await receive(seller, 8);
    await stack.stripe.advance(id, "payment_fails");
    await settledEvents(stack);
    await receive(seller, 5);
    const { month_ends_at: _, ...held } = await usageOf(seller);
    assert.deepEqual(held, { used: 10, limit: 10, held: 3 });
    await stack.stripe.advance(id, "payment_succeeds");
    // Nobody calls the event worker.
    await until("the held orders are in", async () => (await usageOf(seller)).used === 13);
    const { month_ends_at: __, ...after } = await usageOf(seller);
    assert.deepEqual(after, { used: 13, limit: 100, held: 0 });
  },
);

step("a plan that shrinks refuses only new orders; those that are in stay and go on", async () => {
  const seller = await connectSeller(stack);
  const { id } = await subscribeAtStripe(stack, seller, "growth");
  await stack.sql`update public.plans set monthly_order_limit = 12 where name = 'starter'`;
  await receive(seller, 14);
  await stack.stripe.advance(id, "change_price", { price: "price_starter" });
  await settledEvents(stack);
  await receive(seller, 2);
  const { month_ends_at: _, ...usage } = await usageOf(seller);
  assert.deepEqual(usage, { used: 14, limit: 12, held: 2 });
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

step("what is to end with its period stays active until then", async () => {
  const seller = await signUp(stack);
  const { id } = await subscribeAtStripe(stack, seller, "growth");
  await stack.stripe.advance(id, "cancel_at_period_end");
  await settledEvents(stack);
  assert.deepEqual(await storedSubscriptions(stack, seller), [
    { plan_name: "growth", status: "active", cancel_at_period_end: true },
  ]);
  assert.deepEqual(await planOf(stack, seller), { status: "active", tier: "growth", limit: 500 });
  await stack.stripe.advance(id, "keep");
  await settledEvents(stack);
  assert.equal((await storedSubscriptions(stack, seller))[0]?.cancel_at_period_end, false);
  await stack.stripe.advance(id, "cancel_at_period_end");
  await stack.stripe.advance(id, "period_ends");
  await settledEvents(stack);
  assert.deepEqual(await planOf(stack, seller), { status: "canceled", tier: "starter", limit: 10 });
});

step("nothing that was logged has a key, an id of Stripe's or an address in it", async () => {
  const secrets = /\b(?:sk|rk)_(?:test|live)_\w|\bwhsec_\w|\b(?:cus|sub|cs_test|pi|ch|in)_\w{10}/;
  for await (const { path, text } of readLogs(stack.data)) {
    const leak = text.split("\n").find((line) => secrets.test(line) || /seller-[\w-]+@/.test(line));
    assert.equal(leak, undefined, path);
  }
});
