/** Makes subscriptions and their items. */
import { planOf } from "./catalog.ts";
import { newId } from "./ids.ts";
import type {
  Metadata,
  MissingPaymentMethod,
  Price,
  Subscription,
  SubscriptionItem,
  SubscriptionStatus,
} from "./objects.ts";

export interface Period {
  start: number;
  end: number;
}

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
    billing_thresholds: null,
    created,
    current_period_end: period.end,
    current_period_start: period.start,
    discounts: [],
    metadata: {},
    plan: planOf(price),
    price,
    quantity,
    subscription,
    tax_rates: [],
  };
}

export interface SubscriptionFields {
  id: string;
  livemode: boolean;
  customer: string;
  items: SubscriptionItem[];
  status: SubscriptionStatus;
  trialEnd: number | null;
  missingPaymentMethod: MissingPaymentMethod;
  collectionMethod: Subscription["collection_method"];
  cancelAtPeriodEnd: boolean;
  cancelAt: number | null;
  defaultPaymentMethod: string | null;
  description: string | null;
  metadata: Metadata;
  anchor: number;
  /** Unix seconds. */
  created: number;
}

export function itemList(subscription: string, data: SubscriptionItem[]): Subscription["items"] {
  return {
    object: "list",
    data,
    has_more: false,
    total_count: data.length,
    url: `/v1/subscription_items?subscription=${subscription}`,
  };
}

export function makeSubscription(given: SubscriptionFields): Subscription {
  return {
    id: given.id,
    object: "subscription",
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: given.anchor,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: { proration_discounts: "included" }, type: "flexible" },
    billing_thresholds: null,
    cancel_at: given.cancelAt,
    cancel_at_period_end: given.cancelAtPeriodEnd,
    canceled_at: given.cancelAtPeriodEnd ? given.created : null,
    cancellation_details: {
      comment: null,
      feedback: null,
      reason: given.cancelAtPeriodEnd ? "cancellation_requested" : null,
    },
    collection_method: given.collectionMethod,
    created: given.created,
    currency: given.items[0]?.price.currency ?? "usd",
    customer: given.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: given.defaultPaymentMethod,
    default_source: null,
    default_tax_rates: [],
    description: given.description,
    discounts: [],
    ended_at: null,
    invoice_settings: { account_tax_ids: null, issuer: { type: "self" } },
    items: itemList(given.id, given.items),
    latest_invoice: null,
    livemode: given.livemode,
    metadata: given.metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: "off",
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: given.created,
    status: given.status,
    test_clock: null,
    transfer_data: null,
    trial_end: given.trialEnd,
    trial_settings: { end_behavior: { missing_payment_method: given.missingPaymentMethod } },
    trial_start: given.trialEnd === null ? null : given.created,
  };
}

/** The period that runs now. */
export function periodOf(subscription: Subscription): Period {
  const [item] = subscription.items.data;
  if (item === undefined) throw new Error(`${subscription.id} has no items`);
  return { start: item.current_period_start, end: item.current_period_end };
}

/** All items of a subscription are in the same period. */
export function withPeriod(subscription: Subscription, { start, end }: Period) {
  const moved = (item: SubscriptionItem) => (
    { ...item, current_period_start: start, current_period_end: end }
  );
  return itemList(subscription.id, subscription.items.data.map(moved));
}
