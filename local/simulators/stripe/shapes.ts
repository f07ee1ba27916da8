/** Objects in the shape of the API version that is asked for. Stored is the newest. */
import Stripe from "stripe";
import type {
  Invoice,
  InvoiceLine,
  StripeObject,
  Subscription,
  SubscriptionItem,
} from "./objects.ts";
import type { CheckoutSession } from "./session_objects.ts";
import type { StripeState } from "./state.ts";

/** What the `stripe` package asks for. */
export const PINNED_VERSION: string = Stripe.API_VERSION;

/** Since this one a subscription's period is on its items, and an invoice's subscription in its parent. */
const BASIL = "2025-03-31";
/** Since this one a hosted checkout is a `hosted_page`. */
const DAHLIA = "2026-03-25";

export function isVersion(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/.test(text);
}

function isBefore(version: string, release: string): boolean {
  return version.slice(0, release.length) < release;
}

function oldItem(item: SubscriptionItem): StripeObject {
  const { current_period_start: _start, current_period_end: _end, ...rest } = item;
  return rest as StripeObject;
}

function oldSubscription(subscription: Subscription): StripeObject {
  const [first] = subscription.items.data;
  return {
    ...subscription,
    current_period_start: first?.current_period_start,
    current_period_end: first?.current_period_end,
    items: { ...subscription.items, data: subscription.items.data.map(oldItem) },
    plan: first?.plan,
    quantity: first?.quantity,
  };
}

function oldLine({ pricing, parent: _parent, ...line }: InvoiceLine, state: StripeState) {
  const priceId = pricing?.price_details?.price;
  return { ...line, price: priceId === undefined ? null : state.get("prices", priceId) };
}

function oldInvoice(invoice: Invoice, state: StripeState): StripeObject {
  const { parent, ...rest } = invoice;
  const details = parent?.subscription_details ?? null;
  const payment = state.all("invoicePayments").findLast((entry) => entry.invoice === invoice.id);
  const intentId = payment?.payment.payment_intent ?? null;
  const intent = intentId === null ? undefined : state.get("paymentIntents", intentId);
  return {
    ...rest,
    charge: intent?.latest_charge ?? null,
    lines: { ...rest.lines, data: rest.lines.data.map((line) => oldLine(line, state)) },
    paid: invoice.status === "paid",
    payment_intent: intentId,
    subscription: details?.subscription ?? null,
    subscription_details: details && { metadata: details.metadata },
  };
}

/** One object as a version has it; what it names by id is left as it is. */
export function shaped(object: StripeObject, version: string, state: StripeState): StripeObject {
  switch (object.deleted ? "" : object.object) {
    case "subscription":
      return isBefore(version, BASIL) ? oldSubscription(object as Subscription) : object;
    case "subscription_item":
      return isBefore(version, BASIL) ? oldItem(object as SubscriptionItem) : object;
    case "invoice":
      return isBefore(version, BASIL) ? oldInvoice(object as Invoice, state) : object;
    case "checkout.session":
      return isBefore(version, DAHLIA)
        ? { ...object as CheckoutSession, ui_mode: "hosted" }
        : object;
    default:
      return object;
  }
}
