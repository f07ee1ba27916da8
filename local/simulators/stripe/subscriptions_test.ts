/** Subscriptions: every status, the events of each change, and the calls that are refused. */
import assert from "node:assert/strict";
import type Stripe from "stripe";
import { Caller, errorOf, NOW } from "../../../tests/support/stripe_caller.ts";
import { type ChangeName, ImpossibleChange } from "./simulator.ts";

const SECONDS = NOW / 1000;
const UPDATED = "customer.subscription.updated";
const PAUSED = "customer.subscription.paused";
const DELETED = "customer.subscription.deleted";

const DECLINED_LATER = { card: "pm_card_chargeCustomerFail" };
const TRIAL = { card: null, trial_period_days: 7 };

type Start = Parameters<Caller["subscription"]>[0];
type Step = [ChangeName, Stripe.Subscription.Status, events: string[]];

function periodOf({ items }: Pick<Stripe.Subscription, "items">): [number, number] {
  const [item] = items.data;
  assert.ok(item);
  return [item.current_period_start, item.current_period_end];
}

/** The types that report the subscription itself. */
function subscriptionTypes(types: string[]): string[] {
  return types.filter((type) => type.startsWith("customer.subscription."));
}

/** Runs the changes, and checks the status and the subscription's events after each. */
async function checkSteps(caller: Caller, start: Start, steps: Step[]): Promise<string> {
  const { id } = await caller.subscription(start);
  for (const [change, status, expected] of steps) {
    const { events, subscription } = await caller.simulator.advance(id, change);
    assert.deepEqual([change, subscription.status], [change, status]);
    assert.deepEqual(subscriptionTypes(events.map(({ type }) => type)), expected, change);
  }
  return id;
}

Deno.test("a paid subscription is active, with a period on its item and a paid invoice", async () => {
  await using caller = new Caller();
  const subscription = await caller.subscription({ metadata: { user_id: "1" } });
  assert.match(subscription.id, /^sub_/);
  assert.deepEqual([subscription.status, subscription.metadata], ["active", { user_id: "1" }]);
  assert.deepEqual(periodOf(subscription), [SECONDS, Date.UTC(2026, 9, 21, 14, 13, 20) / 1000]);
  const invoice = caller.invoiceOf(subscription);
  assert.deepEqual(
    [invoice.status, invoice.amount_paid, invoice.billing_reason],
    ["paid", 2900, "subscription_create"],
  );
  assert.equal(invoice.parent?.subscription_details.subscription, subscription.id);
  const types = caller.takeTypes();
  for (const type of ["invoice.paid", "charge.succeeded", "payment_intent.succeeded"]) {
    assert.equal(types.filter((candidate) => candidate === type).length, 1, type);
  }
  assert.deepEqual(subscriptionTypes(types), ["customer.subscription.created"]);
});

Deno.test("a wrong subscription is refused by parameter, and nothing is created or charged", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id: customer } = await caller.customer();
  const { id: cardless } = await caller.customer(null);
  const before = caller.counts();
  const items = [{ price: "price_starter" }];
  const refused: [Stripe.SubscriptionCreateParams, string | undefined, string | undefined][] = [
    [{ customer: "cus_x", items }, "resource_missing", "customer"],
    [{ customer, items: [{ price: "price_x" }] }, "resource_missing", "items[0][price]"],
    [{ customer }, "parameter_missing", "items"],
    [{ customer: cardless, items }, "resource_missing", undefined],
    [{ customer, items, trial_period_days: 0 }, undefined, "trial_period_days"],
    [{ customer, items: [...items, ...items] }, undefined, "items"],
  ];
  for (const [params, code, param] of refused) {
    const error = await errorOf(client.subscriptions.create(params));
    const text = JSON.stringify(params);
    assert.deepEqual([error.statusCode, error.code, error.param], [400, code, param], text);
  }
  assert.deepEqual(caller.counts(), before);
});

Deno.test("from trial to unpaid to canceled: each change has its status and its events", async () => {
  await using caller = new Caller();
  await checkSteps(caller, { trial_period_days: 7 }, [
    ["trial_will_end", "trialing", ["customer.subscription.trial_will_end"]],
    ["trial_ends", "active", [UPDATED]],
    ["renew", "active", [UPDATED]],
    ["payment_fails", "past_due", [UPDATED, UPDATED]],
    ["payment_fails", "past_due", []],
    ["give_up_unpaid", "unpaid", [UPDATED]],
    ["payment_succeeds", "active", [UPDATED]],
    ["cancel", "canceled", [DELETED]],
  ]);
  await checkSteps(caller, {}, [
    ["payment_fails", "past_due", [UPDATED, UPDATED]],
    ["give_up_cancel", "canceled", [DELETED]],
  ]);
});

Deno.test("an incomplete subscription expires, or becomes active with its first payment", async () => {
  await using caller = new Caller();
  await checkSteps(caller, DECLINED_LATER, [
    ["payment_fails", "incomplete", []],
    ["incomplete_expires", "incomplete_expired", [UPDATED]],
  ]);
  const incomplete = { ...DECLINED_LATER, payment_behavior: "default_incomplete" as const };
  await checkSteps(caller, incomplete, [["payment_succeeds", "active", [UPDATED]]]);
});

Deno.test("a trial without a card ends past due, paused or canceled, as its settings say", async () => {
  await using caller = new Caller();
  const ending = (missing_payment_method: "pause" | "cancel") => (
    { ...TRIAL, trial_settings: { end_behavior: { missing_payment_method } } }
  );
  await checkSteps(caller, TRIAL, [["trial_ends", "past_due", [UPDATED, UPDATED]]]);
  await checkSteps(caller, ending("cancel"), [["trial_ends", "canceled", [DELETED]]]);
  await checkSteps(caller, ending("pause"), [["trial_ends", "paused", [PAUSED, UPDATED]]]);
  await checkSteps(caller, {}, [
    ["pause", "paused", [PAUSED, UPDATED]],
    ["resume", "active", [UPDATED, "customer.subscription.resumed", UPDATED]],
    ["pause", "paused", [PAUSED, UPDATED]],
    ["cancel", "canceled", [DELETED]],
  ]);
});

Deno.test("a subscription that is to end with its period ends then, unless it is kept", async () => {
  await using caller = new Caller();
  await checkSteps(caller, {}, [
    ["cancel_at_period_end", "active", [UPDATED]],
    ["keep", "active", [UPDATED]],
    ["period_ends", "active", [UPDATED]],
    ["cancel_at_period_end", "active", [UPDATED]],
    ["period_ends", "canceled", [DELETED]],
  ]);
});

Deno.test("a change that the status does not allow is refused, without events", async () => {
  await using caller = new Caller();
  const { simulator } = caller;
  const id = await checkSteps(caller, {}, [["cancel", "canceled", [DELETED]]]);
  caller.takeTypes();
  await assert.rejects(simulator.advance(id, "renew"), ImpossibleChange);
  await assert.rejects(simulator.advance("sub_unknown", "renew"), /no subscription sub_unknown/);
  assert.deepEqual(caller.takeTypes(), []);
});

Deno.test("a renewal moves the period by a month and has an invoice of its own", async () => {
  await using caller = new Caller();
  const first = await caller.subscription();
  const { events, subscription: renewed } = await caller.simulator.advance(first.id, "renew");
  const [, end] = periodOf(first);
  const { current_period_start: start, current_period_end: later } = renewed.items.data[0] ?? {};
  assert.deepEqual([start, later], [end, Date.UTC(2026, 10, 21, 14, 13, 20) / 1000]);
  const updated = events.find(({ type }) => type === UPDATED);
  const previous = updated?.data.previous_attributes as Pick<
    Stripe.Subscription,
    "items" | "latest_invoice"
  >;
  assert.equal(periodOf(previous)[1], end);
  assert.equal(previous.latest_invoice, first.latest_invoice);
  const invoice = caller.invoiceOf(renewed);
  assert.deepEqual([invoice.billing_reason, invoice.status], ["subscription_cycle", "paid"]);
});

Deno.test("while collection is paused, a renewal's invoice is left as the behavior says", async () => {
  await using caller = new Caller();
  const { simulator } = caller;
  const { id } = await caller.subscription();
  const expected = [
    ["void", "void", "invoice.voided"],
    ["mark_uncollectible", "uncollectible", "invoice.marked_uncollectible"],
    ["keep_as_draft", "draft", "invoice.created"],
  ] as const;
  for (const [behavior, status, type] of expected) {
    await simulator.advance(id, "pause_collection", { behavior });
    const { events, subscription } = await simulator.advance(id, "renew");
    assert.deepEqual(
      [subscription.status, caller.invoiceOf(subscription).status],
      ["active", status],
    );
    const types = events.map((event) => event.type);
    assert.ok(types.includes(type) && !types.includes("invoice.paid"), behavior);
  }
  await simulator.advance(id, "resume_collection");
  const { subscription } = await simulator.advance(id, "renew");
  assert.equal(caller.invoiceOf(subscription).status, "paid");
});

Deno.test("a dispute marks the charge of the latest invoice", async () => {
  await using caller = new Caller();
  const { client, simulator } = caller;
  const { id, customer } = await caller.subscription();
  const { events } = await simulator.advance(id, "dispute");
  assert.deepEqual(events.map(({ type }) => type), ["charge.dispute.created"]);
  const charge = await client.charges.retrieve(String(events[0]?.data.object.charge));
  assert.deepEqual([charge.disputed, charge.customer], [true, customer]);
  const { id: unpaid } = await caller.subscription(DECLINED_LATER);
  await assert.rejects(simulator.advance(unpaid, "dispute"), ImpossibleChange);
});

Deno.test("an update changes price, end, collection and trial", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id, items } = await caller.subscription({ trial_period_days: 7 });
  const item = items.data[0]?.id as string;
  const update = (params: Stripe.SubscriptionUpdateParams) =>
    client.subscriptions.update(id, params);
  const scaled = await update({ items: [{ id: item, price: "price_scale" }] });
  assert.deepEqual(
    scaled.items.data.map(({ id, price }) => [id, price.id]),
    [[item, "price_scale"]],
  );
  const ending = await update({ cancel_at_period_end: true });
  assert.deepEqual(
    [ending.cancel_at_period_end, ending.cancel_at],
    [true, periodOf(ending)[1]],
  );
  const kept = await update({ cancel_at_period_end: false });
  assert.deepEqual([kept.cancel_at, kept.canceled_at], [null, null]);
  const paused = await update({ pause_collection: { behavior: "void" } });
  assert.deepEqual([paused.status, paused.pause_collection?.behavior], ["trialing", "void"]);
  assert.equal((await update({ pause_collection: "" })).pause_collection, null);
  assert.equal((await update({ trial_end: "now" })).status, "active");
});

Deno.test("a wrong update is refused, and changes nothing", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id, items } = await caller.subscription();
  const item = items.data[0]?.id as string;
  caller.takeTypes();
  const refused: Stripe.SubscriptionUpdateParams[] = [
    { items: [{ id: "si_x", price: "price_scale" }] },
    { items: [{ id: item, deleted: true }] },
    { items: [{ id: item, price: "price_x" }] },
    { trial_end: SECONDS - 1 },
    { pause_collection: { behavior: "stop" as "void" } },
  ];
  for (const params of refused) {
    const error = await errorOf(client.subscriptions.update(id, params));
    assert.equal(error.statusCode, 400, JSON.stringify(params));
  }
  assert.deepEqual(caller.takeTypes(), []);
});

Deno.test("a canceled subscription cannot be canceled again, and only its metadata changes", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const { id } = await caller.subscription();
  const canceled = await client.subscriptions.cancel(id);
  assert.deepEqual([canceled.status, canceled.ended_at], ["canceled", SECONDS]);
  assert.equal((await errorOf(client.subscriptions.cancel(id))).statusCode, 404);
  const late = await errorOf(client.subscriptions.update(id, { cancel_at_period_end: true }));
  assert.match(late.message, /canceled subscription/);
  const updated = await client.subscriptions.update(id, { metadata: { a: "b" } });
  assert.deepEqual([updated.status, updated.metadata], ["canceled", { a: "b" }]);
});

Deno.test("an open invoice is paid by a call, once; a declined card leaves it open", async () => {
  await using caller = new Caller();
  const { client } = caller;
  const made = await caller.subscription(DECLINED_LATER);
  assert.equal(made.status, "incomplete");
  const { id } = caller.invoiceOf(made);
  const customer = made.customer as string;
  const pay = async (card: string) => {
    const { id: payment_method } = await client.paymentMethods.attach(card, { customer });
    return await client.invoices.pay(id, { payment_method });
  };
  const declined = await errorOf(pay("pm_card_chargeCustomerFail"));
  assert.deepEqual([declined.statusCode, declined.code], [402, "card_declined"]);
  const open = caller.invoiceOf(made);
  assert.deepEqual([open.status, open.attempt_count], ["open", 2]);
  assert.equal((await pay("pm_card_visa")).status, "paid");
  assert.equal((await client.subscriptions.retrieve(made.id)).status, "active");
  assert.match((await errorOf(pay("pm_card_visa"))).message, /already paid/);
});
