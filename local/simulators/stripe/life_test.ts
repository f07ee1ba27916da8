/** Subscriptions in the simulator: every status that Stripe has, and what Stripe tells of each change. */
import assert from "node:assert/strict";
import type Stripe from "stripe";
import { Caller, NOW, refusalOf } from "../../../tests/support/stripe_caller.ts";
import { type ChangeName, ImpossibleChange } from "./simulator.ts";

const SECONDS = NOW / 1000;
const DAY = 86_400;
const UPDATED = "customer.subscription.updated";

function periodOf({ items }: Stripe.Subscription): [number, number] {
  const [item] = items.data;
  assert.ok(item);
  return [item.current_period_start, item.current_period_end];
}

/** The types that concern the subscription itself. */
function ofSubscription(types: string[]): string[] {
  return types.filter((type) => type.startsWith("customer.subscription."));
}

Deno.test("a paid subscription is active, with its period on its items and its invoice paid", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const subscription = await caller.subscription({ metadata: { user_id: "1" } });
  assert.match(subscription.id, /^sub_/);
  assert.match(subscription.items.data[0]?.id ?? "", /^si_/);
  assert.deepEqual([subscription.status, subscription.metadata], ["active", { user_id: "1" }]);
  assert.deepEqual(periodOf(subscription), [SECONDS, Date.UTC(2026, 9, 21, 14, 13, 20) / 1000]);
  assert.ok(!("current_period_end" in subscription));
  const invoice = await client.invoices.retrieve(subscription.latest_invoice as string);
  assert.deepEqual(
    [invoice.status, invoice.amount_paid, invoice.billing_reason],
    ["paid", 2900, "subscription_create"],
  );
  assert.equal(invoice.parent?.subscription_details?.subscription, subscription.id);
  assert.equal(invoice.lines.data[0]?.pricing?.price_details?.price, "price_starter");
  const types = caller.taken();
  for (const type of ["invoice.paid", "charge.succeeded", "payment_intent.succeeded"]) {
    assert.equal(types.filter((candidate) => candidate === type).length, 1, type);
  }
  assert.deepEqual(ofSubscription(types), ["customer.subscription.created"]);
});

Deno.test("what a subscription lacks is said, and nothing is made or charged", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id: customer } = await caller.customer();
  const { id: cardless } = await caller.customer(null);
  const { id: failing } = await caller.customer("pm_card_chargeCustomerFail");
  const before = caller.counts();
  const items = [{ price: "price_starter" }];
  const refused: [
    Stripe.SubscriptionCreateParams,
    number,
    string | undefined,
    string | undefined,
  ][] = [
    [{ customer: "cus_x", items }, 400, "resource_missing", "customer"],
    [{ customer, items: [{ price: "price_x" }] }, 400, "resource_missing", "items[0][price]"],
    [{ customer }, 400, "parameter_missing", "items"],
    [{ customer: cardless, items }, 400, "resource_missing", undefined],
    [
      { customer: failing, items, payment_behavior: "error_if_incomplete" },
      402,
      "card_declined",
      undefined,
    ],
    [{ customer, items, trial_end: SECONDS - 1 }, 400, undefined, "trial_end"],
    [{ customer, items, trial_period_days: 0 }, 400, undefined, "trial_period_days"],
    [{ customer, items: [...items, ...items] }, 400, undefined, "items"],
  ];
  for (const [params, status, code, param] of refused) {
    const error = await refusalOf(client.subscriptions.create(params));
    assert.deepEqual(
      [error.statusCode, error.code, error.param],
      [status, code, param],
      JSON.stringify(params),
    );
  }
  assert.deepEqual(caller.counts(), before);
});

Deno.test("every status is reached, and each change is told", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  const path = async (
    first: Parameters<Caller["subscription"]>[0],
    changes: [ChangeName, Stripe.Subscription.Status, string[]][],
  ) => {
    const { id } = await caller.subscription(first);
    for (const [change, status, types] of changes) {
      const { events, subscription } = await simulator.advance(id, change);
      assert.deepEqual([change, subscription.status], [change, status]);
      assert.deepEqual(ofSubscription(events.map(({ type }) => type)), types, change);
      assert.equal((await client.subscriptions.retrieve(id)).status, status);
    }
    caller.taken();
    return id;
  };
  const trial = { card: null, trial_period_days: 7 };
  const pausing = {
    ...trial,
    trial_settings: { end_behavior: { missing_payment_method: "pause" as const } },
  };
  const paused = "customer.subscription.paused";
  const deleted = ["customer.subscription.deleted"];
  const failing = { card: "pm_card_chargeCustomerFail" };
  await path({ trial_period_days: 7 }, [
    ["trial_will_end", "trialing", ["customer.subscription.trial_will_end"]],
    ["trial_ends", "active", [UPDATED]],
    ["renew", "active", [UPDATED]],
    ["payment_fails", "past_due", [UPDATED, UPDATED]],
    ["payment_fails", "past_due", []],
    ["give_up_unpaid", "unpaid", [UPDATED]],
    ["payment_succeeded", "active", [UPDATED]],
    ["cancel", "canceled", deleted],
  ]);
  await path({}, [
    ["payment_fails", "past_due", [UPDATED, UPDATED]],
    ["give_up_cancel", "canceled", deleted],
  ]);
  await path(failing, [["payment_fails", "incomplete", []], [
    "incomplete_expires",
    "incomplete_expired",
    [UPDATED],
  ]]);
  await path({ ...failing, payment_behavior: "default_incomplete" }, [[
    "payment_succeeds",
    "active",
    [UPDATED],
  ]]);
  const waiting = await path(pausing, [["trial_ends", "paused", [paused, UPDATED]]]);
  const { customer } = await client.subscriptions.retrieve(waiting);
  const card = await client.paymentMethods.attach("pm_card_visa", { customer: customer as string });
  await client.subscriptions.update(waiting, { default_payment_method: card.id });
  caller.taken();
  assert.equal((await client.subscriptions.resume(waiting)).status, "active");
  assert.deepEqual(ofSubscription(caller.taken()).slice(1), [
    "customer.subscription.resumed",
    UPDATED,
  ]);
  await path(trial, [["trial_ends", "past_due", [UPDATED, UPDATED]]]);
  await path({}, [["pause", "paused", [paused, UPDATED]], ["cancel", "canceled", deleted]]);
  await path({}, [
    ["cancel_at_period_end", "active", [UPDATED]],
    ["keep", "active", [UPDATED]],
    ["cancel_at_period_end", "active", [UPDATED]],
    ["period_ends", "canceled", deleted],
  ]);
  await path({}, [["period_ends", "active", [UPDATED]], ["dispute", "active", []]]);
  const ended = await path({}, [["cancel", "canceled", deleted]]);
  await assert.rejects(simulator.advance(ended, "renew"), ImpossibleChange);
  await assert.rejects(simulator.advance("sub_unknown", "renew"), /no subscription sub_unknown/);
  assert.deepEqual(caller.taken(), []);
});

Deno.test("a renewal moves the period on, and tells what it was", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  const first = await caller.subscription();
  const { events } = await simulator.advance(first.id, "renew");
  const renewed = await client.subscriptions.retrieve(first.id);
  const [[, end], [start, later]] = [periodOf(first), periodOf(renewed)];
  assert.deepEqual([start, later], [end, Date.UTC(2026, 10, 21, 14, 13, 20) / 1000]);
  const updated = events.find(({ type }) => type === UPDATED);
  const previous = updated?.data.previous_attributes as {
    items: Stripe.Subscription["items"];
    latest_invoice: string;
  };
  assert.equal(previous.items.data[0]?.current_period_end, end);
  assert.equal(previous.latest_invoice, first.latest_invoice);
  assert.equal(updated?.request.id, null);
  const invoices = await client.invoices.list({ subscription: first.id });
  assert.deepEqual(
    invoices.data.map((invoice) => [invoice.billing_reason, invoice.status]),
    [["subscription_cycle", "paid"], ["subscription_create", "paid"]],
  );
  await simulator.advance(first.id, "pause_collection");
  const { events: uncollected } = await simulator.advance(first.id, "renew");
  assert.ok(uncollected.some(({ type }) => type === "invoice.voided"));
  assert.ok(!uncollected.some(({ type }) => type === "invoice.paid"));
  await simulator.advance(first.id, "resume_collection");
  const { events: disputed } = await simulator.advance((await caller.subscription()).id, "dispute");
  assert.deepEqual(disputed.map(({ type }) => type), ["charge.dispute.created"]);
});

Deno.test("calls change the price, the trial, the end; what has ended stays so", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id, items } = await caller.subscription();
  const item = items.data[0]?.id as string;
  caller.taken();
  caller.now += 15 * DAY * 1000;
  const changed = await client.subscriptions.update(id, {
    items: [{ id: item, price: "price_scale" }],
    proration_behavior: "always_invoice",
  });
  assert.deepEqual([changed.items.data[0]?.id, changed.items.data[0]?.price.id], [
    item,
    "price_scale",
  ]);
  assert.deepEqual(periodOf(changed)[0], SECONDS);
  const proration = await client.invoices.retrieve(changed.latest_invoice as string);
  assert.deepEqual([proration.billing_reason, proration.amount_paid], [
    "subscription_update",
    (19_900 - 2900) / 2,
  ]);
  assert.deepEqual(ofSubscription(caller.taken()), [UPDATED]);
  assert.equal(
    (await caller.simulator.advance(id, "change_price", { price: "price_growth" })).subscription
      .items.data[0]?.price.id,
    "price_growth",
  );

  const ending = await client.subscriptions.update(id, {
    cancel_at_period_end: true,
    cancellation_details: { comment: "dear" },
  });
  assert.deepEqual([
    ending.cancel_at_period_end,
    ending.cancel_at,
    ending.cancellation_details?.comment,
  ], [true, periodOf(ending)[1], "dear"]);
  const kept = await client.subscriptions.update(id, { cancel_at_period_end: false });
  assert.deepEqual([kept.cancel_at, kept.canceled_at], [null, null]);
  const stopped = await client.subscriptions.update(id, { pause_collection: { behavior: "void" } });
  assert.deepEqual([stopped.status, stopped.pause_collection?.behavior], ["active", "void"]);
  assert.equal(
    (await client.subscriptions.update(id, { pause_collection: "" })).pause_collection,
    null,
  );
  const trial = await client.subscriptions.update(id, { trial_end: SECONDS + 40 * DAY });
  assert.deepEqual([trial.status, periodOf(trial)[1]], ["trialing", SECONDS + 40 * DAY]);
  assert.equal((await client.subscriptions.update(id, { trial_end: "now" })).status, "active");

  const refused = [
    () => client.subscriptions.update(id, { items: [{ id: "si_x", price: "price_scale" }] }),
    () => client.subscriptions.update(id, { items: [{ id: item, deleted: true }] }),
    () => client.subscriptions.update(id, { items: [{ id: item, price: "price_x" }] }),
    () => client.subscriptions.resume(id),
  ];
  caller.taken();
  for (const call of refused) assert.equal((await refusalOf(call())).statusCode, 400);
  assert.deepEqual(caller.taken(), []);

  const canceled = await client.subscriptions.cancel(id);
  assert.deepEqual([canceled.status, canceled.ended_at], ["canceled", SECONDS + 15 * DAY]);
  assert.equal((await refusalOf(client.subscriptions.cancel(id))).statusCode, 404);
  const late = client.subscriptions.update(id, { cancel_at_period_end: true });
  assert.match((await refusalOf(late)).message, /canceled subscription/);
  assert.deepEqual((await client.subscriptions.update(id, { metadata: { a: "b" } })).metadata, {
    a: "b",
  });
  assert.deepEqual(ofSubscription(caller.taken()), ["customer.subscription.deleted", UPDATED]);
});

Deno.test("subscriptions are listed by customer, status and price; a deleted customer's end", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  const first = await caller.subscription();
  const customer = first.customer as string;
  const second = await caller.subscription({ customer, items: [{ price: "price_growth" }] });
  const other = await caller.subscription();
  await client.subscriptions.cancel(second.id);
  const ids = async (params: Stripe.SubscriptionListParams) =>
    (await client.subscriptions.list(params)).data.map(({ id }) => id);
  assert.deepEqual(await ids({ customer }), [first.id]);
  assert.deepEqual(await ids({ customer, status: "all" }), [second.id, first.id]);
  assert.deepEqual(await ids({ status: "canceled" }), [second.id]);
  assert.deepEqual(await ids({ status: "ended" }), [second.id]);
  assert.deepEqual(await ids({ price: "price_growth", status: "all" }), [second.id]);
  assert.deepEqual(await ids({ limit: 1, starting_after: other.id }), [first.id]);
  assert.equal(
    (await refusalOf(client.subscriptions.list({ customer: "cus_x" }))).param,
    "customer",
  );

  caller.taken();
  await client.customers.del(customer);
  const events = caller.taken();
  assert.deepEqual(events, [
    "customer.subscription.deleted",
    "payment_method.detached",
    "customer.deleted",
  ]);
  assert.equal((await client.subscriptions.retrieve(first.id)).status, "canceled");
  assert.equal(simulator.state.get("subscriptions", other.id)?.status, "active");
});

Deno.test("an open invoice is paid by a call, once; a declined card leaves it open", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const made = await caller.subscription({ card: "pm_card_chargeCustomerFail" });
  assert.equal(made.status, "incomplete");
  const id = made.latest_invoice as string;
  const declined = await refusalOf(client.invoices.pay(id));
  assert.deepEqual([declined.statusCode, declined.type, declined.code], [
    402,
    "StripeCardError",
    "card_declined",
  ]);
  const open = await client.invoices.retrieve(id);
  assert.deepEqual([open.status, open.attempt_count, open.amount_remaining], ["open", 2, 2900]);
  const paid = await client.invoices.pay(id, { payment_method: "pm_card_visa" });
  assert.deepEqual([paid.status, paid.amount_remaining], ["paid", 0]);
  assert.equal((await client.subscriptions.retrieve(made.id)).status, "active");
  assert.match((await refusalOf(client.invoices.pay(id))).message, /already paid/);
  const charges = await client.charges.list({ customer: made.customer as string });
  assert.deepEqual(charges.data.map(({ status }) => status), ["succeeded", "failed", "failed"]);
});
