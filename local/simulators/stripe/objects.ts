/**
 * Stripe's objects, in the shape of the version that the `stripe` package uses, and checked against its
 * types. Times are unix seconds.
 */
import type Stripe from "stripe";
import type { PartOf } from "../part_of.ts";

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

export type Customer = PartOf<Stripe.Customer | Stripe.DeletedCustomer, {
  id: string;
  object: "customer";
  created: number;
  deleted?: true;
  description: string | null;
  email: string | null;
  name: string | null;
  invoice_settings: { default_payment_method: string | null };
  livemode: boolean;
  metadata: Metadata;
}>;

export type Product = PartOf<Stripe.Product, {
  id: string;
  object: "product";
  active: boolean;
  created: number;
  livemode: boolean;
  name: string;
  metadata: Metadata;
}>;

export type Price = PartOf<Stripe.Price, {
  id: string;
  object: "price";
  active: boolean;
  created: number;
  currency: string;
  livemode: boolean;
  metadata: Metadata;
  nickname: string | null;
  product: string;
  recurring: { interval: "month"; interval_count: 1 } | null;
  type: "recurring" | "one_time";
  unit_amount: number;
}>;

export type PaymentMethod = PartOf<Stripe.PaymentMethod, {
  id: string;
  object: "payment_method";
  card: { brand: string; last4: string };
  created: number;
  customer: string | null;
  livemode: boolean;
  metadata: Metadata;
  type: "card";
}>;

export type PaymentError = PartOf<Stripe.PaymentIntent.LastPaymentError, {
  charge: string;
  code: string;
  decline_code: string;
  message: string;
  type: "card_error";
}>;

export type PaymentIntent = PartOf<Stripe.PaymentIntent, {
  id: string;
  object: "payment_intent";
  amount: number;
  amount_received: number;
  created: number;
  currency: string;
  customer: string | null;
  description: string | null;
  last_payment_error: PaymentError | null;
  latest_charge: string | null;
  livemode: boolean;
  metadata: Metadata;
  payment_method: string | null;
  shipping: Stripe.PaymentIntent["shipping"];
  status: "requires_payment_method" | "succeeded";
}>;

export type Charge = PartOf<Stripe.Charge, {
  id: string;
  object: "charge";
  amount: number;
  created: number;
  currency: string;
  customer: string | null;
  description: string | null;
  disputed: boolean;
  failure_code: string | null;
  failure_message: string | null;
  livemode: boolean;
  metadata: Metadata;
  paid: boolean;
  payment_intent: string;
  payment_method: string | null;
  status: "succeeded" | "failed";
}>;

export type Dispute = PartOf<Stripe.Dispute, {
  id: string;
  object: "dispute";
  amount: number;
  charge: string;
  created: number;
  currency: string;
  livemode: boolean;
  metadata: Metadata;
  payment_intent: string;
  reason: "fraudulent";
  status: "needs_response" | "warning_needs_response";
}>;

export type SubscriptionItem = PartOf<Stripe.SubscriptionItem, {
  id: string;
  object: "subscription_item";
  created: number;
  current_period_start: number;
  current_period_end: number;
  metadata: Metadata;
  price: Price;
  quantity: number;
  subscription: string;
}>;

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

export type Subscription = PartOf<Stripe.Subscription, {
  id: string;
  object: "subscription";
  billing_cycle_anchor: number;
  cancel_at: number | null;
  cancel_at_period_end: boolean;
  canceled_at: number | null;
  collection_method: "charge_automatically";
  created: number;
  currency: string;
  customer: string;
  default_payment_method: string | null;
  ended_at: number | null;
  items: List<SubscriptionItem>;
  latest_invoice: string | null;
  livemode: boolean;
  metadata: Metadata;
  pause_collection: { behavior: PauseBehavior; resumes_at: null } | null;
  start_date: number;
  status: SubscriptionStatus;
  trial_end: number | null;
  trial_start: number | null;
  trial_settings: { end_behavior: { missing_payment_method: MissingPaymentMethod } };
}>;

export type InvoiceLine = PartOf<Stripe.InvoiceLineItem, {
  id: string;
  object: "line_item";
  amount: number;
  currency: string;
  description: string | null;
  parent?: { type: "invoice_item_details"; invoice_item_details: { invoice_item: string } };
  period?: { start: number; end: number };
  pricing?: { type: "price_details"; price_details: { price: string; product: string } };
  quantity: number;
  subscription: string | null;
}>;

export type BillingReason = "manual" | "subscription_create" | "subscription_cycle";

export type Invoice = PartOf<Stripe.Invoice, {
  id: string;
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
  customer_email: string | null;
  customer_name: string | null;
  description: string | null;
  lines: List<InvoiceLine>;
  livemode: boolean;
  metadata: Metadata;
  parent: {
    type: "subscription_details";
    subscription_details: { subscription: string; metadata: Metadata };
  } | null;
  status: "draft" | "open" | "paid" | "uncollectible" | "void";
  total: number;
  simulated_payment_intent: string | null;
}>;

/** An amount that waits for the customer's next invoice. */
export type InvoiceItem = PartOf<Stripe.InvoiceItem, {
  id: string;
  object: "invoiceitem";
  amount: number;
  currency: string;
  customer: string;
  date: number;
  description: string | null;
  invoice: string | null;
  livemode: boolean;
  metadata: Metadata;
}>;

export type CheckoutSession = PartOf<Stripe.Checkout.Session, {
  id: string;
  object: "checkout.session";
  amount_total: number;
  cancel_url: string | null;
  client_reference_id: string | null;
  created: number;
  currency: string;
  customer: string | null;
  customer_details: { email: string | null; name: null } | null;
  expires_at: number;
  invoice: string | null;
  livemode: boolean;
  metadata: Metadata;
  mode: "subscription" | "payment";
  payment_intent: string | null;
  payment_status: "unpaid" | "paid";
  status: "open" | "complete" | "expired";
  subscription: string | null;
  success_url: string;
  url: string | null;
  simulated_lines: CheckoutLine[];
  simulated_subscription_metadata: Metadata;
  simulated_shipping: PaymentIntent["shipping"];
}>;

export interface CheckoutLine {
  price: Price;
  quantity: number;
}

export type PortalSession = PartOf<Stripe.BillingPortal.Session, {
  id: string;
  object: "billing_portal.session";
  created: number;
  customer: string;
  livemode: boolean;
  return_url: string | null;
  url: string;
}>;

/** The names of all events. */
export type EventType = Stripe.EventBase["type"];

/** The package describes the object of an event only as an object. */
type OfficialEvent = Omit<Stripe.EventBase, "data"> & {
  data: Record<keyof Stripe.EventBase["data"], unknown>;
};

export type StripeEvent = PartOf<OfficialEvent, {
  id: string;
  object: "event";
  api_version: string;
  created: number;
  data: { object: StripeObject; previous_attributes?: Record<string, unknown> };
  livemode: boolean;
  pending_webhooks: number;
  request: { id: null; idempotency_key: null };
  type: EventType;
}>;

/** The object without its internal fields. */
export function publicFields(object: StripeObject): StripeObject {
  const entries = Object.entries(object).filter(([field]) => !field.startsWith("simulated_"));
  return Object.fromEntries(entries) as StripeObject;
}
