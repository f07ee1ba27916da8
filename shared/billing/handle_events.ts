/** Handles Stripe events: each is a hint, the state that counts is read from Stripe. */
import * as z from "zod";
import { callFunction } from "../database/call_function.ts";
import { type EventHandler, type EventResult, handleEach } from "../inbox/events.ts";
import { OptionalText, Outcome } from "../values/schemas.ts";
import { findCustomer } from "./customers.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { decryptId, idHashes } from "./encrypted_ids.ts";
import { idOf } from "./map_subscription.ts";
import { parseStripeEvent, readStripeIds, type StripeEvent } from "./parse_webhook.ts";
import { callStripe, isMissing } from "./stripe.ts";
import { syncSubscription } from "./sync_subscription.ts";

type HandleStripeEvent = (
  dependencies: BillingDependencies,
  event: StripeEvent,
  eventId: number,
) => Promise<EventResult>;

/** Ignores events of other accounts and of the other mode. */
export function stripeHandler(
  dependencies: () => BillingDependencies,
  handle: HandleStripeEvent,
): EventHandler {
  return handleEach(async ({ event_id, body }) => {
    const event = parseStripeEvent(body);
    const billing = dependencies();
    const isLive = /^(sk|rk)_live_/.test(billing.config.secretKey);
    if (event.account !== null) return { ignored: "other_account" };
    if (event.livemode !== null && event.livemode !== isLive) return { ignored: "mode_mismatch" };
    return await handle(billing, event, event_id);
  });
}

/** Syncs the subscription that the event names. */
export async function syncNamedSubscription(
  dependencies: BillingDependencies,
  event: StripeEvent,
  eventId: number,
): Promise<EventResult> {
  const { customerId, subscriptionId } = readStripeIds(event);
  if (subscriptionId === null) return { ignored: "no_subscription_named" };
  const result = await syncSubscription(dependencies, { subscriptionId, customerId }, eventId);
  if ("ignored" in result) return result;
  return { outcome: `subscription_${result.outcome}`, more: result.released > 0 };
}

const Session = z.looseObject({ client_reference_id: z.string().nullish().catch(null) });

/** Syncs the subscription of a finished checkout, if our checkout created the session. */
export async function syncFinishedCheckout(
  dependencies: BillingDependencies,
  event: StripeEvent,
  eventId: number,
): Promise<EventResult> {
  const { customerId } = readStripeIds(event);
  const customer = customerId === null ? undefined : await findCustomer(dependencies, customerId);
  if (customer === undefined) return { ignored: "unknown_customer" };
  // Our sessions name the user of their customer.
  const named = Session.parse(event.object).client_reference_id;
  if (customer.user_id !== null && named !== customer.user_id) return { ignored: "user_mismatch" };
  return await syncNamedSubscription(dependencies, event, eventId);
}

/** Syncs every subscription of a deleted customer: all of them have ended. The last one settles the event. */
export async function syncDeletedCustomer(
  dependencies: BillingDependencies,
  { object }: StripeEvent,
  eventId: number,
): Promise<EventResult> {
  const customerId = typeof object.id === "string" ? object.id : "";
  const { ids, unreadable } = await listSubscriptionIds(dependencies, customerId);
  let last: EventResult = { ignored: "no_subscription_named" };
  for (const [n, subscriptionId] of ids.entries()) {
    const settles = n === ids.length - 1 && unreadable === undefined ? eventId : null;
    const result = await syncSubscription(dependencies, { subscriptionId, customerId }, settles);
    last = "ignored" in result ? result : { outcome: `subscription_${result.outcome}` };
  }
  // The event stays open for the others.
  if (unreadable !== undefined) throw unreadable;
  return last;
}

interface ListedIds {
  ids: string[];
  /** The first error of those that cannot be decrypted. */
  unreadable: unknown;
}

/** Stripe's ids of the stored subscriptions of a customer. */
async function listSubscriptionIds(
  { database, keys }: BillingDependencies,
  customerId: string,
): Promise<ListedIds> {
  const hashes = idHashes(keys, "stripe_customers.stripe_customer_id", customerId);
  const args = { p_customer_hashes: hashes };
  const Texts = z.array(z.string());
  const texts = await callFunction(database, "list_stripe_subscriptions", args, Texts);
  const results = await Promise.allSettled(
    texts.map((text) => decryptId(keys, "subscriptions.stripe_subscription_id", text)),
  );
  return {
    ids: results.flatMap((result) => result.status === "fulfilled" ? [result.value] : []),
    unreadable: results.find((result) => result.status === "rejected")?.reason,
  };
}

const Dispute = z.looseObject({
  id: z.string().nullish().catch(null),
  charge: z.union([z.string(), z.looseObject({ id: z.string() })]).nullish().catch(null),
  reason: OptionalText,
  amount: z.number().nullish().catch(null),
  currency: OptionalText,
});

/** Writes `dispute_created` into `system_logs`. A dispute changes no plan. */
export async function recordDispute(
  { stripe, keys, database }: BillingDependencies,
  event: StripeEvent,
  eventId: number,
): Promise<EventResult> {
  const { charge, reason, amount, currency } = Dispute.parse(event.object);
  const chargeId = idOf(charge);
  if (chargeId === null) return { ignored: "no_charge_named" };
  let customerId: string | null;
  try {
    customerId = idOf((await callStripe(stripe.charges.retrieve(chargeId))).customer);
  } catch (error) {
    if (isMissing(error)) return { ignored: "unknown_charge" };
    throw error;
  }
  const hashes = idHashes(keys, "stripe_customers.stripe_customer_id", customerId ?? "");
  const args = {
    p_event_id: eventId,
    p_customer_hashes: hashes,
    // `amount` is in minor units, as in Stripe's event.
    p_dispute: { stripe_event_id: event.id, reason, amount, currency },
  };
  return await callFunction(database, "record_dispute", args, Outcome);
}
