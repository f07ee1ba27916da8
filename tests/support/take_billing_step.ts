/** Takes the steps of a random billing history: at Stripe, in the inbox, and between the two. */
import Stripe from "stripe";
import { ApiError } from "../../local/simulators/stripe/errors.ts";
import type { StripeEvent } from "../../local/simulators/stripe/objects.ts";
import { type ChangeName, ImpossibleChange } from "../../local/simulators/stripe/simulator.ts";
import { callBilling, customerOf, payCheckout } from "./billing.ts";
import type { BillingHistory } from "./billing_history.ts";
import type { BillingStep } from "./billing_steps.ts";
import { letTimePass, runEventWorker } from "./shop.ts";
import { until } from "./until.ts";

interface Change {
  change: ChangeName;
  price: string;
}

export async function takeBillingStep(history: BillingHistory, step: BillingStep): Promise<void> {
  const { stack, processor, proxy } = history.world;
  const processEvents = () => processor.processEvents().catch(() => {});
  switch (step.do) {
    case "buy":
      return await buyPlan(history, step);
    case "make":
      return await createSubscription(history, step).catch(ignoreRefusal);
    case "change":
      return await changeSubscription(history, pickSubscription(history, step), step);
    case "race":
      return await raceWorkers(history, pickSubscription(history, step), step);
    case "delete":
      return await deleteCustomer(history, step).catch(ignoreRefusal);
    case "deliver": {
      const event = history.events[step.event % Math.max(history.events.length, 1)];
      if (event === undefined) return;
      const sending = Array.from({ length: step.times }, () => stack.stripe.send(event));
      history.background.push(...sending);
      return;
    }
    case "fault":
      stack.stripe.faults.add({
        ...{ method: "GET", path: "/v1/subscriptions/sub_" },
        ...{ kind: step.kind, count: step.count, retryAfterSeconds: 0 },
      });
      return;
    case "crash":
      proxy.lose(step.calls, step.what);
      history.background.push(processEvents());
      return;
    case "work":
      await letTimePass(stack);
      // Two workers at once.
      history.background.push(runEventWorker(stack), processEvents());
      return;
    case "rest":
      await Promise.all(history.background.splice(0));
  }
}

async function buyPlan(
  history: BillingHistory,
  { user, plan }: BillingStep & { do: "buy" },
): Promise<void> {
  const { stack } = history.world;
  const { body } = await callBilling(stack, history.seller(user), "/checkout", { plan });
  // Stripe may be down, or the seller may have a subscription already.
  if (body.kind === "checkout") await payCheckout(body.url);
}

/** Creates a subscription without the checkout, as Stripe's dashboard can. */
async function createSubscription(
  history: BillingHistory,
  { user, price, kind }: BillingStep & { do: "make" },
): Promise<void> {
  const { stripe, stack } = history.world;
  const customer = customerOf(stack, history.seller(user)).id;
  const { id: method } = await stripe.paymentMethods.attach("pm_card_visa", { customer });
  await stripe.subscriptions.create({
    ...{ customer, items: [{ price: priceId(history, price) }], default_payment_method: method },
    ...(kind === "trial" && { trial_period_days: 7 }),
    ...(kind === "incomplete" && { payment_behavior: "default_incomplete" as const }),
  });
}

async function deleteCustomer(
  history: BillingHistory,
  { user }: BillingStep & { do: "delete" },
): Promise<void> {
  const { stripe, stack } = history.world;
  await stripe.customers.del(customerOf(stack, history.seller(user)).id);
}

async function changeSubscription(
  history: BillingHistory,
  id: string | undefined,
  { change, price }: Change,
): Promise<void> {
  const detail = change === "change_price" ? { price: priceId(history, price) } : {};
  if (id) await history.world.stack.stripe.advance(id, change, detail).catch(ignoreRefusal);
}

/** A worker that has read a state is slow, and another one stores the next state meanwhile. */
async function raceWorkers(
  history: BillingHistory,
  id: string | undefined,
  change: Change,
): Promise<void> {
  if (id === undefined) return;
  const { stripe } = history.world.stack;
  const { faults } = stripe;
  const late = () => faults.spoiled.get("late") ?? 0;
  const before = late();
  faults.add({ kind: "late", path: `/v1/subscriptions/${id}`, count: 1, delayMs: 150 });
  const slow = stripe.eventOf(id);
  history.background.push(stripe.send(slow).then(() => waitForEvent(history, slow)));
  // Another fault may come first.
  await until("the state is read", () => Promise.resolve(late() > before), 500).catch(() => {});
  const recorded = history.states.get(id)?.length;
  await changeSubscription(history, id, change);
  history.record();
  if (history.states.get(id)?.length === recorded) {
    const isEnding = stripe.state.get("subscriptions", id)?.cancel_at_period_end;
    const other = isEnding ? "keep" : "cancel_at_period_end";
    await changeSubscription(history, id, { ...change, change: other });
  }
  const fast = stripe.eventOf(id);
  await stripe.send(fast);
  await waitForEvent(history, fast);
}

/** Waits until an event is settled, at most for the time that this takes without failures. */
async function waitForEvent(history: BillingHistory, { id }: StripeEvent): Promise<void> {
  const { sql } = history.world.stack;
  const isSettled = async () => {
    const rows = await sql`
      select from private.webhook_events where external_id = ${id} and settled_at is not null`;
    return rows.length > 0;
  };
  await until("the event is settled", isSettled, 400).catch(() => {});
}

function pickSubscription(
  history: BillingHistory,
  { subscription }: { subscription: number },
): string | undefined {
  const all = history.subscriptions;
  return all[subscription % Math.max(all.length, 1)]?.id;
}

function priceId({ world }: BillingHistory, price: string): string {
  return price === "unknown" ? world.unknownPrice : price;
}

/** A step that is impossible in the present state does nothing. */
function ignoreRefusal(error: unknown): void {
  const isExpected = error instanceof ImpossibleChange || error instanceof ApiError ||
    error instanceof Stripe.errors.StripeError || /no customer/.test(String(error));
  if (!isExpected) throw error;
}
