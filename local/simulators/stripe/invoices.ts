/** Invoices: drafted, finalized, paid or not. */
import type { Books } from "./books.ts";
import { refusals } from "./errors.ts";
import { DAY_SECONDS } from "./ids.ts";
import { makeInvoice, type NewInvoice } from "./invoice_factory.ts";
import type { Invoice, InvoicePayment, PaymentMethod } from "./objects.ts";
import { cardRefusal } from "./payment_methods.ts";
import type { Attempt, Outcome, Payments } from "./payments.ts";

/** Between Stripe's own attempts. */
const RETRY_DAYS = 3;

export class Invoices {
  readonly #books: Books;
  readonly #payments: Payments;

  constructor(books: Books, payments: Payments) {
    this.#books = books;
    this.#payments = payments;
  }

  draft(invoice: NewInvoice): Invoice {
    return this.#books.add("invoices", makeInvoice(this.#books, invoice), "invoice.created");
  }

  /** From now on it can be paid, and what is to be paid no longer changes. @throws {StripeRefusal} */
  finalize(invoice: Invoice, at: number): Invoice {
    if (invoice.status !== "draft") {
      throw refusals.invalid("This invoice is already finalized, you can't re-finalize it.", {
        code: "invoice_not_editable",
      });
    }
    const count =
      this.#books.state.all("invoices").filter(({ customer, number }) =>
        customer === invoice.customer && number !== null
      ).length;
    const number = `${invoice.customer.slice(-8).toUpperCase()}-${
      String(count + 1).padStart(4, "0")
    }`;
    const transitions = { ...invoice.status_transitions, finalized_at: at };
    return this.#books.change("invoices", invoice.id, {
      effective_at: at,
      hosted_invoice_url: `https://invoice.stripe.com/i/simulated/${invoice.id}`,
      invoice_pdf: `https://pay.stripe.com/invoice/simulated/${invoice.id}/pdf`,
      number,
      status: "open",
      status_transitions: transitions,
    }, "invoice.finalized");
  }

  /** What the invoice is to be paid with: made with the first attempt, or for somebody who will pay. */
  intentOf(invoice: Invoice, at: number): Attempt["intent"] {
    const tied = this.#paymentOf(invoice);
    const known = tied && this.#books.state.get("paymentIntents", tied.payment.payment_intent);
    if (known) return known;
    const intent = this.#payments.create({
      amount: invoice.amount_due,
      currency: invoice.currency,
      customer: invoice.customer,
      description: invoice.parent ? "Subscription creation" : "Payment for Invoice",
      created: at,
    });
    const id = this.#books.newId("invoicePayments");
    this.#books.add("invoicePayments", {
      id,
      object: "invoice_payment",
      amount_paid: null,
      amount_requested: invoice.amount_due,
      created: at,
      currency: invoice.currency,
      invoice: invoice.id,
      is_default: true,
      livemode: this.#books.livemode,
      payment: { type: "payment_intent", payment_intent: intent.id },
      status: "open",
      status_transitions: { canceled_at: null, paid_at: null },
    });
    return intent;
  }

  #paymentOf(invoice: Invoice): InvoicePayment | undefined {
    return this.#books.state.all("invoicePayments").findLast((payment) =>
      payment.invoice === invoice.id
    );
  }

  /** Marks it as paid, whoever paid. */
  settle(invoice: Invoice, at: number): Invoice {
    const payment = this.#paymentOf(invoice);
    if (payment) {
      this.#books.change("invoicePayments", payment.id, {
        amount_paid: invoice.amount_due,
        status: "paid",
        status_transitions: { canceled_at: null, paid_at: at },
      });
    }
    return this.#books.change(
      "invoices",
      invoice.id,
      {
        amount_paid: invoice.amount_due,
        amount_remaining: 0,
        attempted: true,
        next_payment_attempt: null,
        status: "paid",
        status_transitions: { ...invoice.status_transitions, paid_at: at },
      },
      "invoice.updated",
      "invoice.paid",
      "invoice.payment_succeeded",
    );
  }

  /** Tries once to collect an open invoice. What costs nothing is paid without a payment. */
  collect(
    invoice: Invoice,
    { method, outcome = "card", at }: {
      method: PaymentMethod | undefined;
      outcome?: Outcome;
      at: number;
    },
  ): { invoice: Invoice; attempt?: Attempt } {
    if (invoice.amount_due === 0) return { invoice: this.settle(invoice, at) };
    // Without anything to pay with, it fails.
    const wish = outcome === "card" && method === undefined ? "fails" : outcome;
    const attempt = this.#payments.confirm(this.intentOf(invoice, at), method, wish);
    const attempts = { attempt_count: invoice.attempt_count + 1, attempted: true };
    if (attempt.decline === undefined) {
      return {
        invoice: this.settle(this.#books.change("invoices", invoice.id, attempts), at),
        attempt,
      };
    }
    const types = attempt.intent.status === "requires_action"
      ? ["invoice.payment_action_required"]
      : [];
    const failed = this.#books.change(
      "invoices",
      invoice.id,
      {
        ...attempts,
        next_payment_attempt: invoice.billing_reason === "subscription_cycle"
          ? at + RETRY_DAYS * DAY_SECONDS
          : null,
      },
      "invoice.updated",
      "invoice.payment_failed",
      ...types,
    );
    return { invoice: failed, attempt };
  }

  /** The answer to a call whose attempt failed. */
  refusalOf({ decline, intent }: Attempt) {
    if (decline === undefined) throw new Error("The attempt did not fail");
    return cardRefusal(decline, { payment_intent: intent });
  }

  close(invoice: Invoice, status: "void" | "uncollectible", at: number): Invoice {
    const key = status === "void" ? "voided_at" : "marked_uncollectible_at";
    const type = status === "void" ? "invoice.voided" : "invoice.marked_uncollectible";
    const transitions = { ...invoice.status_transitions, [key]: at };
    const fields = { status, status_transitions: transitions, next_payment_attempt: null };
    return this.#books.change("invoices", invoice.id, fields, "invoice.updated", type);
  }
}
