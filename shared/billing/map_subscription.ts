/** A subscription of Stripe's in the words of our `subscriptions` table. The table is also in docs/billing.md. */
import type Stripe from "stripe";
import type { StripeConfig } from "../config.ts";
import type { KeyRing } from "../crypto/key_ring.ts";
import { hashesOf, sealId } from "./encrypted_ids.ts";
import { PaidPlan, planOfPrice } from "./plans.ts";

/** What `apply_subscription` takes. */
export interface SubscriptionState {
  stripe_customer_id: string;
  stripe_customer_id_hash: string;
  stripe_subscription_id: string;
  stripe_subscription_id_hash: string;
  stripe_subscription_id_hashes: string[];
  /** `null`: it has no price of ours. */
  plan_name: string | null;
  status: string;
  /** ISO 8601. */
  current_period_start: string | null;
  current_period_end: string | null;
  cancel_at_period_end: boolean;
}

function isoTime(seconds: number | undefined): string | null {
  return seconds === undefined ? null : new Date(seconds * 1000).toISOString();
}

/** Stripe expands objects where it is asked to: an id either way. */
export function idOf(value: string | { id: string } | null | undefined): string | null {
  return typeof value === "string" ? value : value?.id ?? null;
}

/** Stripe says it in two ways. */
function endsWithPeriod(
  { cancel_at_period_end, cancel_at }: Stripe.Subscription,
  periodEnd: number | undefined,
): boolean {
  return cancel_at_period_end ||
    (cancel_at !== null && periodEnd !== undefined && cancel_at <= periodEnd);
}

export async function mapSubscription(
  keys: KeyRing,
  prices: StripeConfig["prices"],
  subscription: Stripe.Subscription,
): Promise<SubscriptionState> {
  const customerId = idOf(subscription.customer) as string;
  const items = subscription.items.data;
  // Ours have one item; of one that was made by hand the largest plan counts.
  const rank = ({ price }: Stripe.SubscriptionItem) =>
    PaidPlan.options.findIndex((plan) => prices[plan] === price.id);
  const item = items.toSorted((a, b) => rank(b) - rank(a))[0];
  const customer = await sealId(keys, "subscriptions.stripe_customer_id", customerId);
  const sealed = await sealId(keys, "subscriptions.stripe_subscription_id", subscription.id);
  return {
    stripe_customer_id: customer.text,
    stripe_customer_id_hash: customer.hash,
    stripe_subscription_id: sealed.text,
    stripe_subscription_id_hash: sealed.hash,
    stripe_subscription_id_hashes: await hashesOf(
      keys,
      "subscriptions.stripe_subscription_id",
      subscription.id,
    ),
    plan_name: item === undefined ? null : planOfPrice(prices, item.price.id),
    status: subscription.status,
    current_period_start: isoTime(item?.current_period_start),
    current_period_end: isoTime(item?.current_period_end),
    cancel_at_period_end: endsWithPeriod(subscription, item?.current_period_end),
  };
}
