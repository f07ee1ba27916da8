/** The effects of Stripe events: plans follow the state that Stripe has, and foreign events are ignored. */
import assert from "node:assert/strict";
import Stripe from "stripe";
import type { StripeEvent } from "../../local/simulators/stripe/objects.ts";
import type { EventSendOptions } from "../../local/simulators/stripe/simulator.ts";
import type { Seller } from "../../local/stack/seller.ts";
import {
  buy,
  customerOf,
  makeCustomer,
  payCheckout,
  planOf,
  signUp,
  storedSubscriptions,
  stripeOf,
} from "../support/billing.ts";
import { borrowStack, testOnOneStack } from "../support/shared_stack.ts";
import { failedEvent, letTimePass, runEventWorker, settledEvents } from "../support/shop.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";
import {
  countPlanChanges,
  deliver,
  storedEvent,
  takeEvent,
  takeEvents,
} from "../support/stripe_events.ts";

const TRIAL = { status: "trial", tier: "starter", limit: 10 };
const STARTER = { status: "active", tier: "starter", limit: 100 };
const CANCELED = { status: "canceled", tier: "starter", limit: 10 };

let stack: TestStack;
const step = testOnOneStack("the effects of Stripe events", async () => {
  stack = await borrowStack();
  stack.stripe.behaviour.autoSend = false;
  return stack;
}, () => {
  stack.stripe.faults.clear();
  stack.stripe.behaviour.apiVersion = Stripe.API_VERSION;
  stack.stripe.pendingEvents.splice(0);
});

/** Attaches a card that pays, and creates a subscription. Returns its id and its event. */
async function subscribe(fields: Stripe.SubscriptionCreateParams) {
  const stripe = stripeOf(stack);
  const customer = fields.customer as string;
  const { id: method } = await stripe.paymentMethods.attach("pm_card_visa", { customer });
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method } });
  takeEvents(stack);
  const { id, status } = await stripe.subscriptions.create(fields);
  assert.equal(status, "active");
  return { id, event: takeEvent(stack, "customer.subscription.created") };
}

/** Delivers an event that is ignored, and that changes nothing for a seller on trial. */
async function deliverIgnored(
  seller: { id: string },
  event: StripeEvent,
  reason: string,
  options?: EventSendOptions,
): Promise<void> {
  const row = await deliver(stack, event, options);
  assert.deepEqual([row.status, row.reason], ["ignored", reason]);
  assert.deepEqual(await planOf(stack, seller), TRIAL);
  assert.deepEqual(await storedSubscriptions(stack, seller), []);
}

const SCALE = [{ price: "price_scale" }];

step("a subscription of an unknown customer is ignored, even if it names a seller", async () => {
  const stripe = stripeOf(stack);
  const seller = await signUp(stack);
  await makeCustomer(stack, seller);
  const { email, id } = seller;
  const { id: customer } = await stripe.customers.create({ email, metadata: { user_id: id } });
  const { event } = await subscribe({ customer, items: SCALE, metadata: { user_id: id } });
  await deliverIgnored(seller, event, "unknown_customer");
});

step("a subscription whose price belongs to no plan is ignored", async () => {
  const stripe = stripeOf(stack);
  const seller = await signUp(stack);
  const customer = await makeCustomer(stack, seller);
  const product = await stripe.products.create({ name: "Consulting" });
  const price = await stripe.prices.create({
    ...{ product: product.id, currency: "usd", unit_amount: 1 },
    recurring: { interval: "month" },
  });
  const { event } = await subscribe({ customer, items: [{ price: price.id }] });
  await deliverIgnored(seller, event, "unknown_price");
});

step(
  "a subscription or session that names another user than its customer's is ignored",
  async () => {
    const stripe = stripeOf(stack);
    const [ada, bob] = [await signUp(stack), await signUp(stack)];
    const customer = await makeCustomer(stack, ada);
    await makeCustomer(stack, bob);
    const named = await subscribe({ customer, items: SCALE, metadata: { user_id: bob.id } });
    await deliverIgnored(ada, named.event, "user_mismatch");
    await deliverIgnored(bob, stack.stripe.eventOf(named.id), "user_mismatch");
    await stripe.subscriptions.cancel(named.id);

    const session = await stripe.checkout.sessions.create({
      ...{ mode: "subscription", customer, line_items: [{ price: "price_scale", quantity: 1 }] },
      client_reference_id: bob.id,
      success_url: "https://elsewhere.example",
    });
    takeEvents(stack);
    await payCheckout(session.url ?? "");
    const completed = takeEvent(stack, "checkout.session.completed");
    await deliverIgnored(ada, completed, "user_mismatch");
    assert.deepEqual(await planOf(stack, bob), TRIAL);
  },
);

step(
  "events of another account or mode, of other types, and of unknown subscriptions are ignored",
  async () => {
    const seller = await signUp(stack);
    const customer = await makeCustomer(stack, seller);
    const { id, event } = await subscribe({ customer, items: SCALE });
    await deliverIgnored(seller, stack.stripe.eventOf(id), "other_account", {
      account: "acct_other",
    });
    await deliverIgnored(seller, stack.stripe.eventOf(id), "mode_mismatch", { livemode: true });
    const updated = stack.stripe.eventOf(id, "product.updated");
    await deliverIgnored(seller, updated, "event_type_not_handled");
    const object = { ...event.data.object, id: "sub_none" };
    const unknown = { ...event, id: "evt_unknown", data: { object } };
    await deliverIgnored(seller, unknown, "unknown_subscription");
  },
);

step(
  "the customer at Stripe decides whose subscription it is, not the body of the event",
  async () => {
    const [ada, bob] = [await signUp(stack), await signUp(stack)];
    const customer = await makeCustomer(stack, ada);
    await makeCustomer(stack, bob);
    const { event } = await subscribe({ customer, items: SCALE });
    const forged = { ...event.data.object, customer: customerOf(stack, bob).id };
    assert.equal((await deliver(stack, { ...event, data: { object: forged } })).status, "done");
    assert.deepEqual(await planOf(stack, bob), TRIAL);
    assert.equal((await planOf(stack, ada)).tier, "scale");
  },
);

step("thin events are stored and ignored: Stripe also sends the snapshot event", async () => {
  const seller = await signUp(stack);
  const { id } = await buy(stack, seller, "growth");
  assert.equal(await stack.stripe.sendThin("v1.customer.subscription.updated", id), 200);
  await settledEvents(stack);
  const [row] = await stack.sql`
    select status, reason from private.webhook_events
    where event_type = 'v1.customer.subscription.updated'`;
  assert.equal(row?.status, "ignored");
  assert.equal(row?.reason, "event_type_not_handled");
  assert.deepEqual(await planOf(stack, seller), TRIAL);
});

step("events of API version 2024-06-20 have the same effect", async () => {
  stack.stripe.behaviour.apiVersion = "2024-06-20";
  const seller = await signUp(stack);
  const { id } = await buy(stack, seller, "growth");
  const invoice = takeEvent(stack, "invoice.paid");
  assert.equal(invoice.data.object.subscription, id);
  assert.equal((await deliver(stack, invoice)).status, "done");
  const renewed = (await stack.stripe.advance(id, "renew")).subscription.items.data[0];
  assert.equal(
    (await deliver(stack, takeEvent(stack, "customer.subscription.updated"))).status,
    "done",
  );
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

/** Buys a plan, and changes it several times. Returns the unsent events, oldest first. */
async function changePlanOften(seller: Seller) {
  const { id } = await buy(stack, seller, "starter");
  const events = takeEvents(stack);
  for (const name of ["payment_fails", "payment_succeeds", "cancel_at_period_end"] as const) {
    await stack.stripe.advance(id, name);
    events.push(...takeEvents(stack));
  }
  await stack.stripe.advance(id, "change_price", { price: "price_growth" });
  events.push(...takeEvents(stack));
  return { id, events };
}

step(
  "events in reverse order and of one second: every one stores Stripe's last state",
  async () => {
    const seller = await signUp(stack);
    const { events } = await changePlanOften(seller);
    const changes = events.filter(({ type }) => type.startsWith("customer.subscription."));
    assert.ok(changes.length >= 5);
    const end = [{ plan_name: "growth", status: "active", cancel_at_period_end: true }];
    const created = changes[0]?.created as number;
    for (const event of changes.toReversed()) {
      assert.equal((await deliver(stack, { ...event, created })).status, "done");
      assert.deepEqual(await storedSubscriptions(stack, seller), end, event.type);
    }
    assert.equal(await countPlanChanges(stack, seller.id), 1);
  },
);

step("after a lost event any other event of the subscription brings its state", async () => {
  const seller = await signUp(stack);
  const { id, events } = await changePlanOften(seller);
  await deliver(stack, events.findLast(({ type }) => type.endsWith("updated")) as StripeEvent);
  await stack.stripe.advance(id, "cancel");
  assert.equal(takeEvents(stack, "customer.subscription.deleted").length, 1);
  assert.equal((await planOf(stack, seller)).limit, 500);
  await deliver(stack, events.find(({ type }) => type === "invoice.paid") as StripeEvent);
  assert.deepEqual(await planOf(stack, seller), CANCELED);
  // All earlier events at once.
  await Promise.all(events.map((event) => stack.stripe.send(event)));
  await settledEvents(stack);
  assert.deepEqual(await planOf(stack, seller), CANCELED);
  assert.equal(await countPlanChanges(stack, seller.id), 2);
});

step("while Stripe is down its events wait, and are processed later", async () => {
  const seller = await signUp(stack);
  await buy(stack, seller, "growth");
  const event = takeEvent(stack, "customer.subscription.created");
  stack.stripe.faults.add({ kind: "internal", path: /\/v1\/subscriptions/ });
  assert.equal(await stack.stripe.send(event), 200);
  const failed = await failedEvent(stack);
  assert.match(String(failed.last_error), /BillingError.*500/);
  assert.doesNotMatch(String(failed.last_error), /sub_|cus_|sk_/);
  assert.deepEqual(await planOf(stack, seller), TRIAL);
  await letTimePass(stack);
  await runEventWorker(stack);
  assert.equal((await storedEvent(stack, event.id)).status, "pending");
  stack.stripe.faults.clear();
  await letTimePass(stack);
  await runEventWorker(stack);
  assert.deepEqual(await storedEvent(stack, event.id), {
    status: "done",
    reason: null,
    claims: 3,
  });
  assert.equal((await planOf(stack, seller)).limit, 500);
});

step("a dispute is logged once, and changes no plan", async () => {
  const seller = await signUp(stack);
  const { id } = await buy(stack, seller, "growth");
  await deliver(stack, takeEvent(stack, "customer.subscription.created"));
  await stack.stripe.advance(id, "dispute");
  const event = takeEvent(stack, "charge.dispute.created");
  assert.equal((await deliver(stack, event)).status, "done");
  assert.equal((await deliver(stack, event)).claims, 1);
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

step("the event before the end of a trial stores it, and its end follows the payment", async () => {
  const stripe = stripeOf(stack);
  const seller = await signUp(stack);
  const customer = await makeCustomer(stack, seller);
  const { id } = await stripe.subscriptions.create({
    ...{ customer, items: [{ price: "price_growth" }], trial_period_days: 14 },
    metadata: { user_id: seller.id },
  });
  takeEvents(stack);
  await stack.stripe.advance(id, "trial_will_end");
  // The first event of this subscription that arrives.
  assert.equal(
    (await deliver(stack, takeEvent(stack, "customer.subscription.trial_will_end"))).status,
    "done",
  );
  const trialing = { status: "trialing", tier: "growth", limit: 500 };
  assert.deepEqual(await planOf(stack, seller), trialing);
  const { subscription } = await stack.stripe.advance(id, "trial_ends");
  assert.notEqual(subscription.status, "trialing");
  await deliver(stack, takeEvent(stack, "customer.subscription.updated"));
  const after = await planOf(stack, seller);
  assert.deepEqual([after.status, after.limit], [subscription.status, 10]);
});

step("a deleted customer ends all of its subscriptions", async () => {
  const stripe = stripeOf(stack);
  const [seller, other] = [await signUp(stack), await signUp(stack)];
  await buy(stack, seller, "starter");
  const customer = customerOf(stack, seller).id;
  const items = [{ price: "price_growth" }];
  await stripe.subscriptions.create({ customer, items, trial_period_days: 7 });
  for (const event of takeEvents(stack, "customer.subscription.created")) {
    await deliver(stack, event);
  }
  await buy(stack, other, "starter");
  await deliver(stack, takeEvent(stack, "customer.subscription.created"));
  assert.equal((await planOf(stack, seller)).limit, 500);
  await stripe.customers.del(customer);
  const event = takeEvent(stack, "customer.deleted");
  const row = await deliver(stack, event);
  assert.deepEqual([row.status, row.claims], ["done", 1]);
  assert.deepEqual((await storedSubscriptions(stack, seller)).map(({ status }) => status), [
    "canceled",
    "canceled",
  ]);
  assert.deepEqual(await planOf(stack, seller), CANCELED);
  assert.deepEqual(await planOf(stack, other), STARTER);
  const { id: foreign } = await stripe.customers.create({});
  await stripe.customers.del(foreign);
  const unknown = await deliver(stack, takeEvent(stack, "customer.deleted"));
  assert.equal(unknown.reason, "no_subscription_named");
});

Deno.test("with a live key live events count, and test events are ignored", async () => {
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
  assert.deepEqual({ ...row }, { status: "ignored", reason: "mode_mismatch" });
  assert.deepEqual(await planOf(live, seller), TRIAL);
  await live.stripe.send(live.stripe.eventOf(id));
  await settledEvents(live);
  assert.equal((await planOf(live, seller)).tier, "scale");
});
