/** Makes subscriptions and their items, and reads and moves their period. */
import { newId, type Period } from "./ids.ts";
import type {
  Metadata,
  MissingPaymentMethod,
  Price,
  Subscription,
  SubscriptionItem,
  SubscriptionStatus,
} from "./objects.ts";

export function makeItem(
  { subscription, price, quantity, period, created }: {
    subscription: string;
    price: Price;
    quantity: number;
    period: Period;
    created: number;
  },
): SubscriptionItem {
  return {
    id: newId("si", 14),
    object: "subscription_item",
    created,
    current_period_end: period.end,
    current_period_start: period.start,
    metadata: {},
    price,
    quantity,
    subscription,
  };
}

export function itemList(subscription: string, data: SubscriptionItem[]): Subscription["items"] {
  const url = `/v1/subscription_items?subscription=${subscription}`;
  return { object: "list", data, has_more: false, url };
}

export interface SubscriptionFields {
  id: string;
  livemode: boolean;
  customer: string;
  items: SubscriptionItem[];
  status: SubscriptionStatus;
  trialEnd: number | null;
  missingPaymentMethod: MissingPaymentMethod;
  defaultPaymentMethod: string | null;
  metadata: Metadata;
  anchor: number;
  /** Unix seconds. */
  created: number;
}

export function makeSubscription(given: SubscriptionFields): Subscription {
  return {
    id: given.id,
    object: "subscription",
    billing_cycle_anchor: given.anchor,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    collection_method: "charge_automatically",
    created: given.created,
    currency: given.items[0]?.price.currency ?? "usd",
    customer: given.customer,
    default_payment_method: given.defaultPaymentMethod,
    ended_at: null,
    items: itemList(given.id, given.items),
    latest_invoice: null,
    livemode: given.livemode,
    metadata: given.metadata,
    pause_collection: null,
    start_date: given.created,
    status: given.status,
    trial_end: given.trialEnd,
    trial_settings: { end_behavior: { missing_payment_method: given.missingPaymentMethod } },
    trial_start: given.trialEnd === null ? null : given.created,
  };
}

/** The present period. */
export function periodOf(subscription: Subscription): Period {
  const [item] = subscription.items.data;
  if (item === undefined) throw new Error(`${subscription.id} has no items`);
  return { start: item.current_period_start, end: item.current_period_end };
}

/** The items of a subscription in another period, which is the same for all of them. */
export function withPeriod(subscription: Subscription, { start, end }: Period) {
  const moved = (item: SubscriptionItem) => (
    { ...item, current_period_start: start, current_period_end: end }
  );
  return itemList(subscription.id, subscription.items.data.map(moved));
}

/** The fields of a subscription that is to end with its period, or no longer is. */
export function endingFields(
  subscription: Subscription,
  isEnding: boolean,
  now: number,
): Partial<Subscription> {
  return {
    cancel_at: isEnding ? periodOf(subscription).end : null,
    cancel_at_period_end: isEnding,
    canceled_at: isEnding ? now : null,
  };
}
