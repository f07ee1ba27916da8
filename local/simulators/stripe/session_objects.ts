/** Stripe's sessions, events and webhook endpoints, in the newest shape. Times are unix seconds. */
import type { Metadata, StripeObject } from "./objects.ts";

export interface CheckoutSession extends StripeObject {
  object: "checkout.session";
  amount_total: number;
  cancel_url: string | null;
  created: number;
  currency: string;
  customer: string | null;
  customer_email: string | null;
  expires_at: number;
  metadata: Metadata;
  mode: "subscription" | "payment";
  payment_status: "paid" | "unpaid" | "no_payment_required";
  status: "open" | "complete" | "expired";
  subscription: string | null;
  success_url: string;
  url: string | null;
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
  pending_webhooks: number;
  request: { id: string | null; idempotency_key: string | null };
  type: string;
}

export interface WebhookEndpoint extends StripeObject {
  object: "webhook_endpoint";
  created: number;
  enabled_events: string[];
  secret: string;
  status: "enabled" | "disabled";
  url: string;
}
