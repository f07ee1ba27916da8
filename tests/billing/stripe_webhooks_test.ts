/** What Stripe tells: taken once, worked once, and never a plan that Stripe itself does not know. */
import assert from "node:assert/strict";
import Stripe from "stripe";
import {
  buy,
  customerOf,
  makeCustomer,
  planOf,
  signUp,
  storedSubscriptions,
  stripeOf,
  usageOf,
} from "../support/billing.ts";
import { startObservedHost } from "../support/observed_host.ts";
import { testOnOneStack } from "../support/shared_stack.ts";
import {
  connectSeller,
  countEvents,
  failedEvent,
  letTimePass,
  runEventWorker,
  settledEvents,
} from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";
import type { StripeEvent } from "../../local/simulators/stripe/objects.ts";
import type { EventSendOptions } from "../../local/simulators/stripe/simulator.ts";

const SECRETS = ["whsec_new", "whsec_old"] as const;
const TRIAL = { status: "trial", tier: "starter", limit: 10 };
const STARTER = { status: "active", tier: "starter", limit: 100 };

let stack: TestStack;
const step = testOnOneStack("the webhooks of Stripe", async () => {
  const environment = { STRIPE_WEBHOOK_SECRET: SECRETS.join(",") };
  stack = await startTestStack({ environment });
  stack.stripe.behaviour.autoSend = false;
  return stack;
}, () => {
  stack.stripe.faults.clear();
  stack.stripe.behaviour.apiVersion = Stripe.API_VERSION;
  stack.stripe.pendingEvents.splice(0);
});

/** Takes the events that nobody was told of, of a type if one is given. */
function untold(type?: string): StripeEvent[] {
  const events = stack.stripe.pendingEvents.splice(0);
  return type === undefined ? events : events.filter((event) => event.type === type);
}

function only(type: string): StripeEvent {
  const [event] = untold(type);
  assert.ok(event, `Stripe told of no ${type}`);
  return event;
}

/** Sends an event, and returns what became of it. */
async function deliver(event: StripeEvent, options?: EventSendOptions) {
  assert.equal(await stack.stripe.send(event, options), 200);
  await settledEvents(stack);
  return await settledAs(event.id);
}

async function settledAs(id: string) {
  const [row] = await stack.sql`
    select status, reason, attempts from private.webhook_events
    where source = 'stripe' and external_id = ${id}`;
  return { ...row };
}

async function countPlanChanges(userId: string): Promise<number> {
  const [row] = await stack.sql`
    select count(*)::int as changes from public.analytics_events
    where user_id = ${userId} and event_type = 'plan_changed'`;
  return row?.changes;
}

/** Stripe's headers over a body. */
async function signed(
  payload: string,
  { secret = SECRETS[0] as string, age = 0 } = {},
): Promise<Record<string, string>> {
  const timestamp = Math.floor(Date.now() / 1000) - age;
  const signature = await Stripe.webhooks.generateTestHeaderStringAsync({
    ...{ payload, secret, timestamp },
  });
  return { "content-type": "application/json", "stripe-signature": signature };
}

async function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
  method = "POST",
): Promise<number> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/stripe-webhooks`, {
    ...{ method, headers },
    ...(method !== "GET" && { body }),
  });
  const text = await response.text();
  assert.doesNotMatch(text, /whsec_|sub_|cus_/);
  return response.status;
}

step(
  "50 deliveries of one event at once: one row, one subscription, one release of held orders",
  async () => {
    const seller = await connectSeller(stack);
    for (let n = 0; n < 12; n++) {
      const order = stack.tiktok.addOrder({ shopId: seller.shopId });
      await stack.tiktok.send(stack.tiktok.notificationOf(order));
    }
    await settledEvents(stack);
    assert.equal((await usageOf(seller)).held, 2);
    const before = await countEvents(stack);
    await buy(stack, seller, "starter");
    const event = only("checkout.session.completed");
    const answers = await Promise.all(Array.from({ length: 50 }, () => stack.stripe.send(event)));
    assert.deepEqual(new Set(answers), new Set([200]));
    await until("the held orders are in", async () => (await usageOf(seller)).used === 12);
    await settledEvents(stack);
    assert.equal(await countEvents(stack), before + 1);
    assert.deepEqual(await settledAs(event.id), { status: "done", reason: null, attempts: 1 });
    assert.equal((await storedSubscriptions(stack, seller)).length, 1);
    assert.equal(await countPlanChanges(seller.id), 1);
    const [orders] = await stack.sql`
    select count(*)::int as rows, count(distinct tiktok_order_id)::int as orders
    from public.orders where user_id = ${seller.id}`;
    assert.deepEqual({ ...orders }, { rows: 12, orders: 12 });
    const [received] = await stack.sql`
    select count(*)::int as events from public.analytics_events
    where user_id = ${seller.id} and event_type = 'order_received'`;
    assert.equal(received?.events, 12);
  },
);

step("a handler that is killed before or after the commit: the effect happens once", async () => {
  await using host = await startObservedHost(stack);
  for (const phase of ["arrived", "worked"] as const) {
    const seller = await signUp(stack);
    await buy(stack, seller, "starter");
    const event = only("customer.subscription.created");
    let killed = false;
    host.observe = (call) => {
      if (killed || call.phase !== phase || !call.path.endsWith("/rpc/apply_subscription")) return;
      killed = true;
      host.kill();
      throw new Error("The caller is gone");
    };
    const body = JSON.stringify(event);
    const send = async () => {
      const init = { method: "POST", headers: await signed(body), body };
      const response = await host.fetch("/stripe-webhooks", init);
      await response.body?.cancel();
      return response.status;
    };
    await until("the host has taken the event", async () => await send() === 200);
    await until(`the host is at "${phase}"`, () => Promise.resolve(killed));
    const isStored = phase === "worked";
    assert.deepEqual(await planOf(stack, seller), isStored ? STARTER : TRIAL);
    assert.equal((await settledAs(event.id)).status, isStored ? "done" : "processing");
    await host.restarted();
    // Nobody takes it before the dead one's time is over.
    await runEventWorker(stack);
    assert.equal((await settledAs(event.id)).status, isStored ? "done" : "processing");
    await letTimePass(stack);
    await runEventWorker(stack);
    assert.equal((await settledAs(event.id)).status, "done");
    assert.deepEqual(await planOf(stack, seller), STARTER);
    assert.equal((await storedSubscriptions(stack, seller)).length, 1);
    assert.equal(await countPlanChanges(seller.id), 1);
  }
});

step("what Stripe did not sign, or too long ago, is refused and not stored", async () => {
  const seller = await signUp(stack);
  await buy(stack, seller, "scale");
  const body = JSON.stringify(only("customer.subscription.created"));
  const before = await countEvents(stack);
  const good = await signed(body);
  const json = { "content-type": "application/json" };
  const [timestamp, hash] = (good["stripe-signature"] ?? "").split(",");
  const refused: [string, string, Record<string, string>][] = [
    ["another secret", body, await signed(body, { secret: "whsec_other" })],
    ["the secret without its prefix", body, await signed(body, { secret: "new" })],
    ["no header", body, json],
    ["an empty header", body, { ...json, "stripe-signature": "" }],
    ["no signature", body, { ...json, "stripe-signature": timestamp ?? "" }],
    ["no timestamp", body, { ...json, "stripe-signature": hash ?? "" }],
    ["another scheme", body, { ...json, "stripe-signature": `${timestamp},v0=${hash?.slice(3)}` }],
    ["another timestamp", body, { ...json, "stripe-signature": `t=1,${hash}` }],
    ["301 seconds", body, await signed(body, { age: 301 })],
    ["a changed body", body.replace("price_scale", "price_other"), good],
    ["a space more", `${body} `, good],
    ["nothing", "", good],
  ];
  for (const [what, text, headers] of refused) {
    assert.equal(await post(text, headers), 400, what);
  }
  const latin = Uint8Array.of(0x7b, 0xff, 0x7d);
  assert.equal(await post(latin, await signed("{\u{fffd}}")), 400, "no UTF-8");
  assert.equal(await countEvents(stack), before);
  assert.deepEqual(await planOf(stack, seller), TRIAL);
  // 290 seconds are not too long ago, and the event is good after all.
  assert.equal(await post(body, await signed(body, { age: 290 })), 200);
  await settledEvents(stack);
  assert.equal((await planOf(stack, seller)).tier, "scale");
});

step(
  "what is signed and yet no event, too long, or no POST is refused and not stored",
  async () => {
    const before = await countEvents(stack);
    const bodies = [
      "not json",
      "",
      "null",
      "[]",
      '"evt_1"',
      "{}",
      '{"id":"evt_1"}',
      '{"type":"invoice.paid"}',
      '{"id":1,"type":"invoice.paid"}',
      '{"id":"evt 1","type":"invoice.paid"}',
      `{"id":"${"e".repeat(256)}","type":"invoice.paid"}`,
      '{"id":"evt_1","type":"<b>"}',
    ];
    for (const body of bodies) assert.equal(await post(body, await signed(body)), 400, body);
    const long = JSON.stringify({ id: "evt_1", type: "invoice.paid", x: "x".repeat(1024 * 1024) });
    assert.equal(await post(long, await signed(long)), 413);
    for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
      assert.equal(await post("{}", await signed("{}"), method), 405, method);
    }
    assert.equal(await countEvents(stack), before);
    // Data of no use is no reason to have it sent again.
    const odd = '{"id":"evt_odd","type":"invoice.paid","data":{"object":{"id":7,"customer":[]}}}';
    assert.equal(await post(odd, await signed(odd)), 200);
    await settledEvents(stack);
    assert.match((await settledAs("evt_odd")).reason, /no subscription/);
  },
);

step("while the secret is being changed both are good", async () => {
  const seller = await signUp(stack);
  const { id } = await buy(stack, seller, "starter");
  assert.equal((await deliver(stack.stripe.eventOf(id), { secret: SECRETS[1] })).status, "done");
  assert.deepEqual(await planOf(stack, seller), STARTER);
  assert.equal((await deliver(stack.stripe.eventOf(id), { secret: SECRETS[0] })).status, "done");
});

step("what concerns nobody here is closed with its reason, and changes no plan", async () => {
  const stripe = await stripeOf(stack);
  const [ada, bob] = [await signUp(stack), await signUp(stack)];
  const customer = await makeCustomer(stack, ada);
  await makeCustomer(stack, bob);
  const items = [{ price: "price_scale" }];
  const card = async (id: string) => {
    const { id: method } = await stripe.paymentMethods.attach("pm_card_visa", { customer: id });
    await stripe.customers.update(id, { invoice_settings: { default_payment_method: method } });
  };
  await card(customer);
  untold();
  const subscribe = async (fields: Stripe.SubscriptionCreateParams) => {
    const { id, status } = await stripe.subscriptions.create(fields);
    assert.equal(status, "active");
    return { id, event: only("customer.subscription.created") };
  };
  const ignored = async (event: StripeEvent, reason: RegExp, options?: EventSendOptions) => {
    const row = await deliver(event, options);
    assert.equal(row.status, "ignored");
    assert.match(row.reason, reason);
    assert.doesNotMatch(row.reason, /cus_|sub_/);
    for (const seller of [ada, bob]) assert.deepEqual(await planOf(stack, seller), TRIAL);
    const stored = await stack.sql`
      select from public.subscriptions where user_id in (${ada.id}, ${bob.id})`;
    assert.equal(stored.length, 0);
  };

  const { id: strange } = await stripe.customers.create({
    email: bob.email,
    metadata: { user_id: bob.id },
  });
  await card(strange);
  const nobodys = await subscribe({ customer: strange, items, metadata: { user_id: bob.id } });
  await ignored(nobodys.event, /nobody's/);

  const product = await stripe.products.create({ name: "Consulting" });
  const price = await stripe.prices.create({
    ...{ product: product.id, currency: "usd", unit_amount: 1 },
    recurring: { interval: "month" },
  });
  const odd = await subscribe({ customer, items: [{ price: price.id }] });
  await ignored(odd.event, /price is none of ours/);
  await stripe.subscriptions.cancel(odd.id);

  const named = await subscribe({ customer, items, metadata: { user_id: bob.id } });
  await ignored(named.event, /names another user/);
  await stripe.subscriptions.cancel(named.id);

  const session = await stripe.checkout.sessions.create({
    ...{ mode: "subscription", customer, line_items: [{ price: "price_scale", quantity: 1 }] },
    client_reference_id: bob.id,
    success_url: "https://elsewhere.example",
  });
  untold();
  await (await fetch(`${session.url}/pay`, { method: "POST", redirect: "manual" })).body?.cancel();
  const events = untold();
  const told = (type: string) => events.find((event) => event.type === type) as StripeEvent;
  await ignored(told("checkout.session.completed"), /names another user/);
  const created = told("customer.subscription.created");

  await ignored(stack.stripe.eventOf(created.data.object.id), /another account/, {
    account: "acct_other",
  });
  await ignored(stack.stripe.eventOf(created.data.object.id), /live, and our key is not/, {
    livemode: true,
  });
  await ignored(
    stack.stripe.eventOf(created.data.object.id, "product.updated"),
    /asks for nothing/,
  );
  await ignored(
    { ...created, id: "evt_unknown", data: { object: { ...created.data.object, id: "sub_none" } } },
    /does not know/,
  );
  // A subscription that says nothing of a user is whose its customer is: what the body says counts nowhere.
  const forged = { ...created.data.object, customer: customerOf(stack, bob).id };
  const row = await deliver({ ...created, data: { object: forged } });
  assert.equal(row.status, "done");
  assert.deepEqual(await planOf(stack, bob), TRIAL);
  assert.equal((await planOf(stack, ada)).tier, "scale");
});

step("thin events are stored and closed: they name what Stripe has told of otherwise", async () => {
  const seller = await signUp(stack);
  const { id } = await buy(stack, seller, "growth");
  assert.equal(await stack.stripe.sendThin("v1.customer.subscription.updated", id), 200);
  await settledEvents(stack);
  const [row] = await stack.sql`
    select status, reason from private.webhook_events
    where event_type = 'v1.customer.subscription.updated'`;
  assert.equal(row?.status, "ignored");
  assert.match(row?.reason, /asks for nothing/);
  assert.deepEqual(await planOf(stack, seller), TRIAL);
});

step("events of the API version of 2024 are understood, and give the same", async () => {
  stack.stripe.behaviour.apiVersion = "2024-06-20";
  const seller = await signUp(stack);
  const { id } = await buy(stack, seller, "growth");
  const invoice = only("invoice.paid");
  assert.equal(invoice.data.object.subscription, id);
  assert.equal((await deliver(invoice)).status, "done");
  const renewed = (await stack.stripe.advance(id, "renew")).subscription.items.data[0];
  assert.equal((await deliver(only("customer.subscription.updated"))).status, "done");
  const [row] = await stack.sql`
    select extract(epoch from current_period_start)::int as start,
      extract(epoch from current_period_end)::int as end
    from public.subscriptions where user_id = ${seller.id}`;
  assert.deepEqual({ ...row }, {
    start: renewed?.current_period_start,
    end: renewed?.current_period_end,
  });
  assert.equal((await planOf(stack, seller)).limit, 500);
});

step(
  "events out of order, of one second, or told after others were lost: the end is Stripe's",
  async () => {
    const seller = await signUp(stack);
    const { id } = await buy(stack, seller, "starter");
    const events = untold();
    for (const change of ["payment_fails", "payment_succeeds", "cancel_at_period_end"] as const) {
      await stack.stripe.advance(id, change);
      events.push(...untold());
    }
    await stack.stripe.advance(id, "change_price", { price: "price_growth" });
    events.push(...untold());
    const ours = events.filter(({ type }) => type.startsWith("customer.subscription."));
    assert.ok(ours.length >= 5);
    const end = [{ plan_name: "growth", status: "active", cancel_at_period_end: true }];
    const created = ours[0]?.created as number;
    for (const event of ours.toReversed()) {
      assert.equal((await deliver({ ...event, created })).status, "done");
      assert.deepEqual(await storedSubscriptions(stack, seller), end, event.type);
    }
    assert.equal(await countPlanChanges(seller.id), 1);
    // The one that told of the cancellation is lost; an invoice's says so, too.
    await stack.stripe.advance(id, "cancel");
    const lost = untold("customer.subscription.deleted");
    assert.equal(lost.length, 1);
    assert.equal((await planOf(stack, seller)).limit, 500);
    await deliver({ ...events.find(({ type }) => type === "invoice.paid") as StripeEvent });
    assert.deepEqual(await planOf(stack, seller), {
      status: "canceled",
      tier: "starter",
      limit: 10,
    });
    // All at once, the whole life of it.
    await Promise.all(events.map((event) => stack.stripe.send(event)));
    await settledEvents(stack);
    assert.deepEqual(await planOf(stack, seller), {
      status: "canceled",
      tier: "starter",
      limit: 10,
    });
    assert.equal(await countPlanChanges(seller.id), 2);
  },
);

step("while Stripe is down its events wait, and are worked later", async () => {
  const seller = await signUp(stack);
  await buy(stack, seller, "growth");
  const event = only("customer.subscription.created");
  stack.stripe.faults.add({ kind: "internal", path: /\/v1\/subscriptions/ });
  assert.equal(await stack.stripe.send(event), 200);
  const failed = await failedEvent(stack);
  assert.match(String(failed.last_error), /BillingError.*500/);
  assert.doesNotMatch(String(failed.last_error), /sub_|cus_|sk_/);
  assert.deepEqual(await planOf(stack, seller), TRIAL);
  await letTimePass(stack);
  await runEventWorker(stack);
  assert.equal((await settledAs(event.id)).status, "pending");
  stack.stripe.faults.clear();
  await letTimePass(stack);
  await runEventWorker(stack);
  assert.deepEqual(await settledAs(event.id), { status: "done", reason: null, attempts: 3 });
  assert.equal((await planOf(stack, seller)).limit, 500);
});

step("a dispute is noted for people to look at, once, and changes no plan", async () => {
  const seller = await signUp(stack);
  const { id } = await buy(stack, seller, "growth");
  await deliver(only("customer.subscription.created"));
  await stack.stripe.advance(id, "dispute");
  const event = only("charge.dispute.created");
  assert.equal((await deliver(event)).status, "done");
  assert.equal((await deliver(event)).attempts, 1);
  const logs = await stack.sql`
    select details from public.system_logs where event_type = 'dispute_created'`;
  assert.equal(logs.length, 1);
  const { user_id, stripe_event_id, amount, currency } = logs[0]?.details ?? {};
  assert.deepEqual(
    [user_id, stripe_event_id, amount, currency],
    [seller.id, event.id, event.data.object.amount, event.data.object.currency],
  );
  assert.doesNotMatch(JSON.stringify(logs[0]?.details), /cus_|sub_|ch_/);
  assert.equal((await planOf(stack, seller)).limit, 500);
});

step("the near end of a trial is heard of, and its end is the card's", async () => {
  const stripe = await stripeOf(stack);
  const seller = await signUp(stack);
  const customer = await makeCustomer(stack, seller);
  const { id } = await stripe.subscriptions.create({
    ...{ customer, items: [{ price: "price_growth" }], trial_period_days: 14 },
    metadata: { user_id: seller.id },
  });
  untold();
  await stack.stripe.advance(id, "trial_will_end");
  // The first that we hear of it.
  assert.equal((await deliver(only("customer.subscription.trial_will_end"))).status, "done");
  const trialing = { status: "trialing", tier: "growth", limit: 500 };
  assert.deepEqual(await planOf(stack, seller), trialing);
  const { subscription } = await stack.stripe.advance(id, "trial_ends");
  assert.notEqual(subscription.status, "trialing");
  await deliver(only("customer.subscription.updated"));
  const after = await planOf(stack, seller);
  assert.deepEqual([after.status, after.limit], [subscription.status, 10]);
});

step("with a deleted customer end all of its subscriptions", async () => {
  const stripe = await stripeOf(stack);
  const [seller, other] = [await signUp(stack), await signUp(stack)];
  await buy(stack, seller, "starter");
  const customer = customerOf(stack, seller).id;
  const items = [{ price: "price_growth" }];
  await stripe.subscriptions.create({ customer, items, trial_period_days: 7 });
  for (const event of untold("customer.subscription.created")) await deliver(event);
  await buy(stack, other, "starter");
  await deliver(only("customer.subscription.created"));
  assert.equal((await planOf(stack, seller)).limit, 500);
  await stripe.customers.del(customer);
  const event = only("customer.deleted");
  const row = await deliver(event);
  assert.deepEqual([row.status, row.attempts], ["done", 1]);
  assert.deepEqual((await storedSubscriptions(stack, seller)).map(({ status }) => status), [
    "canceled",
    "canceled",
  ]);
  assert.deepEqual(await planOf(stack, seller), { status: "canceled", tier: "starter", limit: 10 });
  assert.deepEqual(await planOf(stack, other), STARTER);
  const { id: strange } = await stripe.customers.create({});
  await stripe.customers.del(strange);
  assert.match((await deliver(only("customer.deleted"))).reason, /no subscription here/);
});

Deno.test("with a live key live events count, and test events do not", async () => {
  await using live = await startTestStack({
    environment: { STRIPE_SECRET_KEY: "sk_live_simulated0" },
  });
  live.stripe.behaviour.autoSend = false;
  const seller = await signUp(live);
  const { id } = await buy(live, seller, "scale");
  const test = live.stripe.eventOf(id);
  assert.equal(test.livemode, true);
  assert.equal(await live.stripe.send(test, { livemode: false }), 200);
  await settledEvents(live);
  const [row] = await live.sql`
    select status, reason from private.webhook_events where external_id = ${test.id}`;
  assert.deepEqual({ ...row }, { status: "ignored", reason: "it is a test, and our key is not" });
  assert.deepEqual(await planOf(live, seller), TRIAL);
  await live.stripe.send(live.stripe.eventOf(id));
  await settledEvents(live);
  assert.equal((await planOf(live, seller)).tier, "scale");
});
