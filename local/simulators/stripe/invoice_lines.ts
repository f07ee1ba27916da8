/** The lines of invoices: what a subscription's item costs, and what waited for an invoice. */
import { newId } from "./ids.ts";
import type { InvoiceItem, InvoiceLine, Subscription, SubscriptionItem } from "./objects.ts";

interface NewLine {
  amount: number;
  currency: string;
  description: string | null;
  period: { start: number; end: number };
  quantity: number;
  parent: Record<string, unknown>;
  pricing: InvoiceLine["pricing"];
  subscription: string | null;
}

function makeLine(line: NewLine, livemode: boolean): InvoiceLine {
  return {
    id: newId("il"),
    object: "line_item",
    discount_amounts: [],
    discountable: true,
    discounts: [],
    livemode,
    metadata: {},
    pretax_credit_amounts: [],
    quantity_decimal: String(line.quantity),
    subtotal: line.amount,
    taxes: [],
    ...line,
  };
}

/** What an item costs for its present period; nothing, in a trial. */
export function itemLine(
  { id, price, quantity, current_period_start: start, current_period_end: end }: SubscriptionItem,
  { id: subscription, livemode }: Subscription,
  isTrial: boolean,
): InvoiceLine {
  return makeLine({
    amount: isTrial ? 0 : price.unit_amount * quantity,
    currency: price.currency,
    description: isTrial
      ? `Trial period for ${price.nickname ?? price.product}`
      : `${quantity} × ${price.nickname ?? price.product}`,
    period: { start, end },
    quantity,
    parent: {
      type: "subscription_item_details",
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: { credited_items: null },
        subscription,
        subscription_item: id,
      },
    },
    pricing: {
      type: "price_details",
      price_details: { price: price.id, product: price.product },
      unit_amount_decimal: String(price.unit_amount),
    },
    subscription,
  }, Boolean(livemode));
}

/** An invoice item on its invoice. */
export function pendingLine(item: InvoiceItem): InvoiceLine {
  const subscription = (item.simulated_subscription as string | undefined) ?? null;
  return makeLine({
    ...{ amount: item.amount, currency: item.currency, description: item.description },
    ...{ period: item.period, quantity: 1, pricing: null, subscription },
    parent: {
      type: "invoice_item_details",
      invoice_item_details: {
        invoice_item: item.id,
        proration: item.proration,
        proration_details: { credited_items: null },
        subscription,
      },
      subscription_item_details: null,
    },
  }, Boolean(item.livemode));
}
