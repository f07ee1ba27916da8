/** Makes invoices and their lines. */
import type { Books } from "./books.ts";
import { newId } from "./ids.ts";
import type {
  BillingReason,
  Customer,
  Invoice,
  InvoiceItem,
  InvoiceLine,
  Subscription,
  SubscriptionItem,
} from "./objects.ts";

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

export interface NewInvoice {
  customer: Customer;
  subscription: Subscription | null;
  reason: BillingReason;
  lines: InvoiceLine[];
  currency: string;
  description?: string | null;
  metadata?: Record<string, string>;
  /** Unix seconds. */
  created: number;
}

export function makeInvoice(books: Books, invoice: NewInvoice): Invoice {
  const { customer, subscription, reason, lines, currency, created } = invoice;
  const id = books.newId("invoices");
  const subtotal = lines.reduce((sum, line) => sum + line.amount, 0);
  const due = Math.max(subtotal, 0);
  return {
    id,
    object: "invoice",
    account_country: "US",
    account_name: "Simulated account",
    amount_due: due,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: due,
    amount_shipping: 0,
    attempt_count: 0,
    attempted: false,
    auto_advance: subscription !== null,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_reason: reason,
    collection_method: subscription?.collection_method ?? "charge_automatically",
    created,
    currency,
    customer: customer.id,
    customer_address: customer.address ?? null,
    customer_email: customer.email,
    customer_name: customer.name,
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: invoice.description ?? null,
    discounts: [],
    due_date: null,
    effective_at: null,
    ending_balance: null,
    footer: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    lines: {
      object: "list",
      data: lines.map((line) => ({ ...line, invoice: id })),
      has_more: false,
      total_count: lines.length,
      url: `/v1/invoices/${id}/lines`,
    },
    livemode: books.livemode,
    metadata: invoice.metadata ?? {},
    next_payment_attempt: null,
    number: null,
    parent: subscription && {
      type: "subscription_details",
      quote_details: null,
      subscription_details: { subscription: subscription.id, metadata: subscription.metadata },
    },
    period_end: created,
    period_start: created,
    receipt_number: null,
    starting_balance: 0,
    status: "draft",
    status_transitions: {
      finalized_at: null,
      marked_uncollectible_at: null,
      paid_at: null,
      voided_at: null,
    },
    subtotal,
    subtotal_excluding_tax: subtotal,
    test_clock: null,
    total: subtotal,
    total_discount_amounts: [],
    total_excluding_tax: subtotal,
    total_taxes: [],
  };
}
