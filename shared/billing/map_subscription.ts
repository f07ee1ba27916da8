/** Maps a Stripe subscription to a row of `subscriptions`. */
import type Stripe from "stripe";
import type { StripeConfig } from "../config.ts";
import type { KeyRing } from "../crypto/key_ring.ts";
import { isoTimeOrNull } from "../values/times.ts";
import { encryptId, idHashes } from "./encrypted_ids.ts";
import { PaidPlan, planOfPrice } from "./plans.ts";

/** What SQL `apply_subscriptions` stores. */
export interface SubscriptionState {
  stripe_customer_id: string;
  stripe_customer_id_hash: string;
  stripe_subscription_id: string;
  stripe_subscription_id_hash: string;
  stripe_subscription_id_hashes: string[];
  /** `null`: its price belongs to no plan. */
  plan_name: string | null;
  /** Stripe's, or `paused`: see `planStatus`. */
  status: string;
  /** ISO 8601. */
  current_period_start: string | null;
  current_period_end: string | null;
  cancel_at_period_end: boolean;
}

/** The id of a reference, which Stripe gives as an id or as the expanded object. */
export function idOf(value: string | { id: string } | null | undefined): string | null {
  return typeof value === "string" ? value : value?.id ?? null;
}

/** Stripe has two ways to say so. */
function endsWithPeriod(
  { cancel_at_period_end, cancel_at }: Stripe.Subscription,
  periodEnd: number | undefined,
): boolean {
  return cancel_at_period_end ||
    (cancel_at !== null && periodEnd !== undefined && cancel_at <= periodEnd);
}

/** A subscription whose collection is paused pays nothing, although Stripe goes on calling it active. */
function planStatus({ status, pause_collection }: Stripe.Subscription): string {
  const isLive = status === "active" || status === "trialing";
  return isLive && pause_collection ? "paused" : status;
}

export async function mapSubscription(
  keys: KeyRing,
  prices: StripeConfig["prices"],
  subscription: Stripe.Subscription,
): Promise<SubscriptionState> {
  const customerId = idOf(subscription.customer) as string;
  const items = subscription.items.data;
  // Our checkout creates one item; if Stripe's dashboard added others, the largest plan counts.
  const rank = ({ price }: Stripe.SubscriptionItem) =>
    PaidPlan.options.findIndex((plan) => prices[plan] === price.id);
  const item = items.toSorted((a, b) => rank(b) - rank(a))[0];
  const column = "subscriptions.stripe_subscription_id";
  const customer = await encryptId(keys, "subscriptions.stripe_customer_id", customerId);
  const encrypted = await encryptId(keys, column, subscription.id);
  return {
    stripe_customer_id: customer.text,
    stripe_customer_id_hash: customer.hash,
    stripe_subscription_id: encrypted.text,
    stripe_subscription_id_hash: encrypted.hash,
    stripe_subscription_id_hashes: idHashes(keys, column, subscription.id),
    plan_name: item === undefined ? null : planOfPrice(prices, item.price.id),
    status: planStatus(subscription),
    current_period_start: isoTimeOrNull(item?.current_period_start),
    current_period_end: isoTimeOrNull(item?.current_period_end),
    cancel_at_period_end: endsWithPeriod(subscription, item?.current_period_end),
  };
}
