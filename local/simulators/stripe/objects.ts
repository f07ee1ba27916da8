/** Stripe's objects, in the shape of the version that the `stripe` package asks for. Times are unix seconds. */
import type { Interval } from "./ids.ts";

export type Metadata = Record<string, string>;

/**
 * Fields that the simulator only hands on are not named. Those that begin with `simulated_` are its own:
 * no caller sees them.
 */
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
  email: string | null;
  name: string | null;
  invoice_settings: { default_payment_method: string | null; [field: string]: unknown };
  metadata: Metadata;
}

export interface Product extends StripeObject {
  object: "product";
  active: boolean;
  created: number;
  name: string;
  metadata: Metadata;
}

export interface Price extends StripeObject {
  object: "price";
  active: boolean;
  created: number;
  currency: string;
  lookup_key: string | null;
  nickname: string | null;
  product: string;
  recurring: { interval: Interval; interval_count: number; [field: string]: unknown } | null;
  type: "recurring" | "one_time";
  unit_amount: number;
  metadata: Metadata;
}

export interface PaymentMethod extends StripeObject {
  object: "payment_method";
  card: { brand: string; last4: string; [field: string]: unknown };
  created: number;
  customer: string | null;
}

export interface PaymentIntent extends StripeObject {
  object: "payment_intent";
  amount: number;
  created: number;
  currency: string;
  customer: string | null;
  last_payment_error: Record<string, unknown> | null;
  latest_charge: string | null;
  payment_method: string | null;
  status: "requires_payment_method" | "requires_action" | "succeeded" | "canceled";
}

export interface Charge extends StripeObject {
  object: "charge";
  amount: number;
  created: number;
  currency: string;
  disputed: boolean;
  payment_intent: string | null;
  status: "succeeded" | "failed";
}

export interface Dispute extends StripeObject {
  object: "dispute";
  charge: string;
  created: number;
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

export interface Subscription extends StripeObject {
  object: "subscription";
  billing_cycle_anchor: number;
  cancel_at: number | null;
  cancel_at_period_end: boolean;
  canceled_at: number | null;
  cancellation_details: { comment: string | null; feedback: string | null; reason: string | null };
  collection_method: "charge_automatically" | "send_invoice";
  created: number;
  currency: string;
  customer: string;
  default_payment_method: string | null;
  ended_at: number | null;
  items: List<SubscriptionItem> & { total_count: number };
  latest_invoice: string | null;
  metadata: Metadata;
  pause_collection: { behavior: string; resumes_at: number | null } | null;
  status: SubscriptionStatus;
  trial_end: number | null;
  trial_start: number | null;
  trial_settings: { end_behavior: { missing_payment_method: MissingPaymentMethod } };
}

export type MissingPaymentMethod = "create_invoice" | "pause" | "cancel";

export interface InvoiceLine extends StripeObject {
  object: "line_item";
  amount: number;
  description: string | null;
  period: { start: number; end: number };
  pricing: { price_details?: { price: string; product: string }; [field: string]: unknown } | null;
  quantity: number;
  subscription: string | null;
}

export type BillingReason =
  | "manual"
  | "subscription_create"
  | "subscription_cycle"
  | "subscription_update";

export interface Invoice extends StripeObject {
  object: "invoice";
  amount_due: number;
  amount_paid: number;
  amount_remaining: number;
  attempt_count: number;
  attempted: boolean;
  billing_reason: BillingReason;
  created: number;
  currency: string;
  customer: string;
  lines: List<InvoiceLine> & { total_count: number };
  next_payment_attempt: number | null;
  parent: {
    type: "subscription_details";
    quote_details: null;
    subscription_details: { subscription: string; metadata: Metadata };
  } | null;
  status: "draft" | "open" | "paid" | "uncollectible" | "void";
  status_transitions: {
    finalized_at: number | null;
    marked_uncollectible_at: number | null;
    paid_at: number | null;
    voided_at: number | null;
  };
  total: number;
}

/** Waits for an invoice. */
export interface InvoiceItem extends StripeObject {
  object: "invoiceitem";
  amount: number;
  currency: string;
  customer: string;
  description: string | null;
  date: number;
  invoice: string | null;
  period: { start: number; end: number };
}

/** Ties an invoice to what was tried to pay it. */
export interface InvoicePayment extends StripeObject {
  object: "invoice_payment";
  invoice: string;
  payment: { type: "payment_intent"; payment_intent: string };
}
