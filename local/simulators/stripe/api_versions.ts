/** Objects in the shape of an older API version. Objects are stored in the newest shape. */
import type { Invoice, StripeObject, Subscription } from "./objects.ts";

/** From this version on, a period belongs to the item, and the subscription of an invoice to its parent. */
const BASIL = "2025-03-31";

export function isVersion(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/.test(text);
}

function oldSubscription({ items, ...rest }: Subscription): StripeObject {
  const [first] = items.data;
  const data = items.data.map((item) => {
    const { current_period_start: _start, current_period_end: _end, ...others } = item;
    return others;
  });
  return {
    ...rest,
    current_period_start: first?.current_period_start,
    current_period_end: first?.current_period_end,
    items: { ...items, data },
  };
}

function oldInvoice({ parent, ...rest }: Invoice): StripeObject {
  return {
    ...rest,
    paid: rest.status === "paid",
    payment_intent: rest.simulated_payment_intent,
    subscription: parent?.subscription_details.subscription ?? null,
  };
}

export function inVersion(object: StripeObject, version: string): StripeObject {
  if (version.slice(0, BASIL.length) >= BASIL) return object;
  if (object.object === "subscription") return oldSubscription(object as Subscription);
  return object.object === "invoice" ? oldInvoice(object as Invoice) : object;
}
