/** Invoices: drafted, finalized, paid, voided; and the amounts that wait for one. */
import { apiErrors } from "./errors.ts";
import { newId } from "./ids.ts";
import type {
  BillingReason,
  Customer,
  EventType,
  Invoice,
  InvoiceItem,
  InvoiceLine,
  PaymentIntent,
  PaymentMethod,
  Subscription,
  SubscriptionItem,
} from "./objects.ts";
import type { Attempt, Outcome, Payments } from "./payments.ts";
import type { Store } from "./store.ts";

export interface NewInvoice {
  customer: Customer;
  subscription: Subscription | null;
  reason: BillingReason;
  lines: InvoiceLine[];
  currency: string;
  description?: string | null;
  /** Unix seconds. */
  created: number;
}

export interface Collected {
  invoice: Invoice;
  attempt?: Attempt;
}

/** The price of an item for its present period; 0 in a trial. */
export function subscriptionLine(item: SubscriptionItem, isTrial: boolean): InvoiceLine {
  const { price, quantity, subscription } = item;
  return {
    id: newId("il"),
    object: "line_item",
    amount: isTrial ? 0 : price.unit_amount * quantity,
    currency: price.currency,
    description: `${isTrial ? "Trial period for" : `${quantity} ×`} ${price.nickname ?? price.id}`,
    period: { start: item.current_period_start, end: item.current_period_end },
    pricing: { type: "price_details", price_details: { price: price.id, product: price.product } },
    quantity,
    subscription,
  };
}

export function itemLine({ id, amount, currency, description }: InvoiceItem): InvoiceLine {
  const parent = {
    type: "invoice_item_details" as const,
    invoice_item_details: { invoice_item: id },
  };
  const fields = { amount, currency, description, parent, quantity: 1, subscription: null };
  return { id: newId("il"), object: "line_item", ...fields };
}

export class Invoices {
  readonly #store: Store;
  readonly #payments: Payments;

  constructor(store: Store, payments: Payments) {
    this.#store = store;
    this.#payments = payments;
  }

  draft(
    { customer, subscription, reason, lines, currency, description = null, created }: NewInvoice,
  ): Invoice {
    const id = this.#store.newId("invoices");
    const total = lines.reduce((sum, line) => sum + line.amount, 0);
    return this.#store.add("invoices", {
      id,
      object: "invoice",
      amount_due: total,
      amount_paid: 0,
      amount_remaining: total,
      attempt_count: 0,
      attempted: false,
      billing_reason: reason,
      created,
      currency,
      customer: customer.id,
      customer_email: customer.email,
      customer_name: customer.name,
      description,
      lines: { object: "list", data: lines, has_more: false, url: `/v1/invoices/${id}/lines` },
      livemode: this.#store.livemode,
      metadata: {},
      parent: subscription && {
        type: "subscription_details",
        subscription_details: { subscription: subscription.id, metadata: subscription.metadata },
      },
      status: "draft",
      total,
      simulated_payment_intent: null,
    }, "invoice.created");
  }

  /** Opens a draft for payment. */
  finalize(invoice: Invoice): Invoice {
    return this.#store.update("invoices", invoice.id, { status: "open" }, "invoice.finalized");
  }

  /** Creates the payment intent of an invoice, before the first attempt. */
  ensureIntent(invoice: Invoice, at: number): PaymentIntent {
    const id = this.#store.find("invoices", invoice.id).simulated_payment_intent;
    const present = id === null ? undefined : this.#store.state.get("paymentIntents", id);
    if (present !== undefined) return present;
    const intent = this.#payments.create({
      amount: invoice.amount_due,
      currency: invoice.currency,
      customer: invoice.customer,
      description: invoice.parent ? "Subscription creation" : "Payment for Invoice",
      created: at,
    });
    this.#store.update("invoices", invoice.id, { simulated_payment_intent: intent.id });
    return intent;
  }

  #markPaid(invoice: Invoice): Invoice {
    return this.#store.update(
      "invoices",
      invoice.id,
      {
        amount_paid: invoice.amount_due,
        amount_remaining: 0,
        attempted: true,
        status: "paid",
      },
      "invoice.updated",
      "invoice.paid",
      "invoice.payment_succeeded",
    );
  }

  /** Tries once to collect an open invoice. An invoice over 0 is paid without a payment. */
  collect(
    invoice: Invoice,
    method: PaymentMethod | undefined,
    outcome: Outcome,
    at: number,
  ): Collected {
    if (invoice.amount_due === 0) return { invoice: this.#markPaid(invoice) };
    const isPayable = outcome !== "card" || method !== undefined;
    const intent = this.ensureIntent(invoice, at);
    const attempt = this.#payments.confirm(intent, method, isPayable ? outcome : "fails");
    const attempts = { attempt_count: invoice.attempt_count + 1, attempted: true };
    if (attempt.decline === undefined) {
      const attempted = this.#store.update("invoices", invoice.id, attempts);
      return { invoice: this.#markPaid(attempted), attempt };
    }
    const types: EventType[] = ["invoice.updated", "invoice.payment_failed"];
    return { invoice: this.#store.update("invoices", invoice.id, attempts, ...types), attempt };
  }

  /** Ends the collection of an open invoice. */
  close(invoice: Invoice, status: "void" | "uncollectible"): void {
    const type = status === "void" ? "invoice.voided" : "invoice.marked_uncollectible";
    this.#store.update("invoices", invoice.id, { status }, "invoice.updated", type);
  }

  /** @throws {ApiError} unless the invoice is a draft or open */
  checkPayable({ status }: Invoice): void {
    if (status === "paid") throw apiErrors.invalid("Invoice is already paid");
    if (status === "draft" || status === "open") return;
    throw apiErrors.invalid(`This invoice can no longer be paid: it is ${status}.`);
  }
}
