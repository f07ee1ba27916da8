/** Makes checkout sessions of what a call asks for. */
import { refusals } from "./errors.ts";
import { newId } from "./ids.ts";
import type { Price } from "./objects.ts";
import type { CheckoutSession } from "./session_objects.ts";
import type { Params } from "./params.ts";

export interface SoldLine {
  price: Price;
  quantity: number;
}

interface NewSession {
  id: string;
  mode: CheckoutSession["mode"];
  customer: string | null;
  lines: SoldLine[];
  livemode: boolean;
  created: number;
  expiresAt: number;
  url: string;
}

/** What Stripe shows as `line_items` to those who ask. */
function lineItem({ price, quantity }: SoldLine) {
  const amount = price.unit_amount * quantity;
  return {
    id: newId("li"),
    object: "item",
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price.currency,
    description: price.nickname ?? price.product,
    price,
    quantity,
  };
}

/** A parameter with all that is below it, as a form that can be read again later. */
function formOf(params: Params): string {
  const entries: [string, string][] = [];
  const walk = (value: unknown, name: string) => {
    if (typeof value === "string") entries.push([name, value]);
    else {
      for (const [key, below] of Object.entries(value as Record<string, unknown>)) {
        walk(below, name === "" ? key : `${name}[${key}]`);
      }
    }
  };
  walk(params.toJSON(), "");
  return new URLSearchParams(entries).toString();
}

function intentFields(params: Params): Record<string, unknown> {
  const { shipping, description } = params.object("payment_intent_data").toJSON() as Record<
    string,
    unknown
  >;
  const metadata = params.object("payment_intent_data").metadata();
  return { metadata, ...(shipping ? { shipping } : {}), ...(description ? { description } : {}) };
}

/** @throws {StripeRefusal} */
export function makeSession(params: Params, given: NewSession): CheckoutSession {
  const { mode, lines } = given;
  const subscription = params.object("subscription_data");
  if (mode === "payment" && params.has("subscription_data")) {
    throw refusals.invalid("You can not pass `subscription_data` in `payment` mode.", {
      param: "subscription_data",
    });
  }
  const hasTrial = subscription.has("trial_period_days") || subscription.has("trial_end");
  const now = lines.filter(({ price }) => !hasTrial || price.recurring === null);
  const total = now.reduce((sum, { price, quantity }) => sum + price.unit_amount * quantity, 0);
  return {
    id: given.id,
    object: "checkout.session",
    adaptive_pricing: { enabled: false },
    after_expiration: null,
    allow_promotion_codes: params.boolean("allow_promotion_codes") ?? null,
    amount_subtotal: total,
    amount_total: total,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: params.nullable("billing_address_collection") ?? null,
    cancel_url: params.nullable("cancel_url") ?? null,
    client_reference_id: params.nullable("client_reference_id") ?? null,
    client_secret: null,
    consent: null,
    consent_collection: null,
    created: given.created,
    currency: lines[0]?.price.currency ?? "usd",
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer: given.customer,
    customer_account: null,
    customer_creation: mode === "payment" ? "if_required" : null,
    customer_details: null,
    customer_email: params.nullable("customer_email") ?? null,
    discounts: [],
    expires_at: given.expiresAt,
    invoice: null,
    invoice_creation: null,
    livemode: given.livemode,
    locale: params.nullable("locale") ?? null,
    metadata: params.metadata(),
    mode,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: mode === "subscription"
      ? params.oneOf("payment_method_collection", ["always", "if_required"]) ?? "always"
      : null,
    payment_method_options: {},
    payment_method_types: ["card"],
    payment_status: "unpaid",
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: "open",
    submit_type: null,
    subscription: null,
    success_url: params.required("success_url"),
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: "hosted_page",
    url: given.url,
    simulated_lines: lines.map(lineItem),
    simulated_sold: lines,
    simulated_subscription_data: formOf(subscription),
    simulated_intent_fields: intentFields(params),
  };
}
