/** What an event of Stripe's asks for, and doing it. */
import * as z from "zod";
import { unwrap } from "../database/result.ts";
import type { Json } from "../database/types.ts";
import type { EventHandler, EventResult } from "../inbox/process_events.ts";
import type { ClaimedEvent } from "../inbox/inbox.ts";
import { hashesOf, openId } from "./encrypted_ids.ts";
import { ask, isMissing } from "./stripe.ts";
import { idOf } from "./map_subscription.ts";
import { type BillingDependencies, findCustomer, syncSubscription } from "./sync_subscription.ts";
import { parseStripeEvent, readHint, type StripeEvent } from "./parse_webhook.ts";

type Action = (
  dependencies: BillingDependencies,
  event: StripeEvent,
  eventId: number,
) => Promise<EventResult>;

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["checkout.session.completed", finishCheckout],
  ["customer.subscription.created", sync],
  ["customer.subscription.updated", sync],
  ["customer.subscription.deleted", sync],
  ["customer.subscription.paused", sync],
  ["customer.subscription.resumed", sync],
  ["customer.subscription.trial_will_end", sync],
  ["invoice.paid", sync],
  ["invoice.payment_failed", sync],
  ["customer.deleted", forgetCustomer],
  ["charge.dispute.created", noteDispute],
]);

export function createStripeEventHandler(dependencies: BillingDependencies): EventHandler {
  const isLive = /^(sk|rk)_live_/.test(dependencies.config.secretKey);
  return {
    groupOf: (event) => `event ${event.event_id}`,
    async work(events) {
      const [{ event_id, body }] = events as [ClaimedEvent];
      const event = parseStripeEvent(body);
      const action = ACTIONS.get(event.type);
      if (action === undefined) return [{ ignored: `${event.type} asks for nothing` }];
      if (event.account !== null) return [{ ignored: "it happened in another account" }];
      if (event.livemode !== null && event.livemode !== isLive) {
        return [{ ignored: `it is ${event.livemode ? "live" : "a test"}, and our key is not` }];
      }
      return [await action(dependencies, event, event_id)];
    },
  };
}

/** Whatever it says, Stripe is asked how the subscription is. */
async function sync(
  dependencies: BillingDependencies,
  event: StripeEvent,
  eventId: number,
): Promise<EventResult> {
  const { customerId, subscriptionId } = readHint(event);
  if (subscriptionId === null) return { ignored: `${event.type} is about no subscription` };
  const result = await syncSubscription(dependencies, { subscriptionId, customerId }, eventId);
  if ("ignored" in result) return result;
  return { outcome: `subscription ${result.outcome}`, more: result.released > 0 };
}

const Session = z.looseObject({ client_reference_id: z.string().nullish().catch(null) });

async function finishCheckout(
  dependencies: BillingDependencies,
  event: StripeEvent,
  eventId: number,
): Promise<EventResult> {
  const { customerId } = readHint(event);
  const customer = customerId === null ? undefined : await findCustomer(dependencies, customerId);
  if (customer === undefined) return { ignored: "the customer is nobody's here" };
  // Our sessions name the user whose customer they are for.
  const named = Session.parse(event.object).client_reference_id;
  if (named !== customer.user_id) {
    return { ignored: "the session names another user than its customer's" };
  }
  return await sync(dependencies, event, eventId);
}

/** With a customer end all of its subscriptions: each is read at Stripe, as ever. */
async function forgetCustomer(
  dependencies: BillingDependencies,
  { object }: StripeEvent,
  eventId: number,
): Promise<EventResult> {
  const { database, keys } = dependencies;
  const customerId = typeof object.id === "string" ? object.id : "";
  const hashes = await hashesOf(keys, "stripe_customers.stripe_customer_id", customerId);
  const found = await database.rpc("list_stripe_subscriptions", { p_customer_hashes: hashes });
  const texts = z.array(z.string()).parse(unwrap("list_stripe_subscriptions", found));
  const ids = await Promise.all(
    texts.map((text) => openId(keys, "subscriptions.stripe_subscription_id", text)),
  );
  let last: EventResult = { ignored: "the customer has no subscription here" };
  for (const [n, subscriptionId] of ids.entries()) {
    const settles = n === ids.length - 1 ? eventId : null;
    const result = await syncSubscription(dependencies, { subscriptionId, customerId }, settles);
    last = "ignored" in result ? result : { outcome: `subscription ${result.outcome}` };
  }
  return last;
}

const Dispute = z.looseObject({
  id: z.string().nullish().catch(null),
  charge: z.union([z.string(), z.looseObject({ id: z.string() })]).nullish().catch(null),
  reason: z.string().nullish().catch(null),
  amount: z.number().nullish().catch(null),
  currency: z.string().nullish().catch(null),
});

async function noteDispute(
  { stripe, keys, database }: BillingDependencies,
  event: StripeEvent,
  eventId: number,
): Promise<EventResult> {
  const { charge, reason, amount, currency } = Dispute.parse(event.object);
  const chargeId = idOf(charge);
  if (chargeId === null) return { ignored: "the dispute names no charge" };
  let customerId: string | null;
  try {
    customerId = idOf((await ask(stripe.charges.retrieve(chargeId))).customer);
  } catch (error) {
    if (isMissing(error)) return { ignored: "Stripe does not know the charge" };
    throw error;
  }
  const hashes = await hashesOf(keys, "stripe_customers.stripe_customer_id", customerId ?? "");
  const result = await database.rpc("note_dispute", {
    p_event_id: eventId,
    p_customer_hashes: hashes,
    // Minor units, as Stripe has them.
    p_dispute: { stripe_event_id: event.id, reason, amount, currency } as Json,
  });
  return z.looseObject({ outcome: z.string() }).parse(unwrap("note_dispute", result));
}
