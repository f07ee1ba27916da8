/** Handles Stripe events: each is a hint, the state that counts is read from Stripe. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import { type EventHandler, type EventResult, handleEach } from "../inbox/events.ts";
import type { IgnoreReason } from "../inbox/ignore_reasons.ts";
import { OptionalText, Outcome, withFallback } from "../values/schemas.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { decryptId, idHashes } from "./encrypted_ids.ts";
import { idOf } from "./map_subscription.ts";
import { parseStripeEvent, type StripeEvent } from "./parse_webhook.ts";
import { isMissing } from "./errors.ts";
import { callStripe } from "./stripe.ts";
import { syncSubscription } from "./sync_subscription.ts";

type HandleStripeEvent = (
  dependencies: BillingDependencies,
  event: StripeEvent,
  eventId: number,
) => Promise<EventResult>;

/** The result of an event that is not ours: it happened in another account, or in the other mode. */
export function ignoreForeign(
  { config }: Pick<BillingDependencies, "config">,
  { account, livemode }: StripeEvent,
): { ignored: IgnoreReason } | undefined {
  const isLive = /^(sk|rk)_live_/.test(config.secretKey);
  if (account !== null) return { ignored: "other_account" };
  return livemode !== null && livemode !== isLive ? { ignored: "mode_mismatch" } : undefined;
}

/** For events that are handled one at a time. */
export function stripeHandler(
  dependencies: () => BillingDependencies,
  handle: HandleStripeEvent,
): EventHandler {
  return handleEach(async ({ event_id, body }) => {
    const event = parseStripeEvent(body);
    const billing = dependencies();
    return ignoreForeign(billing, event) ?? await handle(billing, event, event_id);
  });
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
  id: withFallback(z.nullish(z.string()), null),
  charge: withFallback(z.nullish(z.union([z.string(), z.looseObject({ id: z.string() })])), null),
  reason: OptionalText,
  amount: withFallback(z.nullish(z.number()), null),
  currency: OptionalText,
});

/** Writes `dispute_created` into `system_logs`. A dispute changes no plan. */
export async function recordDispute(
  { loadStripe, keys, database }: BillingDependencies,
  event: StripeEvent,
  eventId: number,
): Promise<EventResult> {
  const { charge, reason, amount, currency } = Dispute.parse(event.object);
  const chargeId = idOf(charge);
  if (chargeId === null) return { ignored: "no_charge_named" };
  let customerId: string | null;
  try {
    const stripe = await loadStripe();
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
