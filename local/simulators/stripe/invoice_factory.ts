/** Makes invoices. */
import type { Books } from "./books.ts";
import type { BillingReason, Customer, Invoice, InvoiceLine, Subscription } from "./objects.ts";

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
