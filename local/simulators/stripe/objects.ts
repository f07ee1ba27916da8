/** Stripe's objects, in the shape of the version that the `stripe` package uses. Times are unix seconds. */

export type Metadata = Record<string, string>;

/** Fields whose name begins with `simulated_` are internal: no caller sees them. */
export interface StripeObject {
  id: string;
  object: string;
  [field: string]: unknown;
}

export interface List<T> {
  object: "list";
  data: T[];
  has_more: boolean;
  url: string;
}

export interface Customer extends StripeObject {
  object: "customer";
  created: number;
  deleted?: true;
  description: string | null;
  email: string | null;
  name: string | null;
  invoice_settings: { default_payment_method: string | null };
  metadata: Metadata;
}

export interface Product extends StripeObject {
  object: "product";
  name: string;
  metadata: Metadata;
}

export interface Price extends StripeObject {
  object: "price";
  active: boolean;
  created: number;
  currency: string;
  nickname: string | null;
  product: string;
  recurring: { interval: "month"; interval_count: 1 } | null;
  type: "recurring" | "one_time";
  unit_amount: number;
}

export interface PaymentMethod extends StripeObject {
  object: "payment_method";
  card: { brand: string; last4: string };
  customer: string | null;
}

export interface PaymentIntent extends StripeObject {
  object: "payment_intent";
  amount: number;
  created: number;
  currency: string;
  customer: string | null;
  latest_charge: string | null;
  payment_method: string | null;
  shipping: unknown;
  status: "requires_payment_method" | "succeeded";
}

export interface Charge extends StripeObject {
  object: "charge";
  amount: number;
  created: number;
  currency: string;
  customer: string | null;
  disputed: boolean;
  payment_intent: string;
  status: "succeeded" | "failed";
}

export interface Dispute extends StripeObject {
  object: "dispute";
  charge: string;
}

export interface SubscriptionItem extends StripeObject {
  object: "subscription_item";
  current_period_start: number;
  current_period_end: number;
  price: Price;
  quantity: number;
  subscription: string;
}

export const SUBSCRIPTION_STATUSES = [
  ...["incomplete", "incomplete_expired", "trialing", "active"] as const,
  ...["past_due", "unpaid", "paused", "canceled"] as const,
] as const;
export type SubscriptionStatus = typeof SUBSCRIPTION_STATUSES[number];

/** The statuses of a subscription that has not ended. */
export const OPEN_STATUSES: readonly SubscriptionStatus[] = [
  ...["incomplete", "trialing", "active", "past_due", "unpaid", "paused"] as const,
];

export const MISSING_METHODS = ["create_invoice", "pause", "cancel"] as const;
export type MissingPaymentMethod = typeof MISSING_METHODS[number];

export const PAUSE_BEHAVIORS = ["keep_as_draft", "mark_uncollectible", "void"] as const;
export type PauseBehavior = typeof PAUSE_BEHAVIORS[number];

export interface Subscription extends StripeObject {
  object: "subscription";
  billing_cycle_anchor: number;
  cancel_at: number | null;
  cancel_at_period_end: boolean;
  canceled_at: number | null;
  created: number;
  currency: string;
  customer: string;
  default_payment_method: string | null;
  ended_at: number | null;
  items: List<SubscriptionItem>;
  latest_invoice: string | null;
  metadata: Metadata;
  pause_collection: { behavior: PauseBehavior; resumes_at: null } | null;
  status: SubscriptionStatus;
  trial_end: number | null;
  trial_start: number | null;
  trial_settings: { end_behavior: { missing_payment_method: MissingPaymentMethod } };
}

export interface InvoiceLine extends StripeObject {
  object: "line_item";
  amount: number;
  description: string | null;
}

export type BillingReason = "manual" | "subscription_create" | "subscription_cycle";

export interface Invoice extends StripeObject {
  object: "invoice";
  amount_due: number;
  amount_paid: number;
  attempt_count: number;
  billing_reason: BillingReason;
  created: number;
  currency: string;
  customer: string;
  lines: List<InvoiceLine>;
  parent: {
    type: "subscription_details";
    subscription_details: { subscription: string; metadata: Metadata };
  } | null;
  status: "draft" | "open" | "paid" | "uncollectible" | "void";
  simulated_payment_intent: string | null;
}

/** An amount that waits for the customer's next invoice. */
export interface InvoiceItem extends StripeObject {
  object: "invoiceitem";
  amount: number;
  currency: string;
  customer: string;
  description: string | null;
  invoice: string | null;
}

export interface CheckoutSession extends StripeObject {
  object: "checkout.session";
  amount_total: number;
  cancel_url: string | null;
  created: number;
  currency: string;
  customer: string | null;
  expires_at: number;
  metadata: Metadata;
  mode: "subscription" | "payment";
  status: "open" | "complete" | "expired";
  subscription: string | null;
  success_url: string;
  url: string | null;
  simulated_lines: CheckoutLine[];
  simulated_subscription_metadata: Metadata;
  simulated_shipping: unknown;
}

export interface CheckoutLine {
  price: Price;
  quantity: number;
}

export interface PortalSession extends StripeObject {
  object: "billing_portal.session";
  created: number;
  customer: string;
  return_url: string | null;
  url: string;
}

export interface StripeEvent extends StripeObject {
  object: "event";
  api_version: string;
  created: number;
  data: { object: StripeObject; previous_attributes?: Record<string, unknown> };
  livemode: boolean;
  type: string;
}

/** The object without its internal fields. */
export function publicFields(object: StripeObject): StripeObject {
  const entries = Object.entries(object).filter(([field]) => !field.startsWith("simulated_"));
  return Object.fromEntries(entries) as StripeObject;
}
