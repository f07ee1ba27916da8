/** A subscription's invoices, and what their payment makes of the subscription. */
import type { Books } from "./books.ts";
import { periodEnd } from "./ids.ts";
import { itemLine, pendingLine } from "./invoice_lines.ts";
import type { Invoices } from "./invoices.ts";
import type {
  BillingReason,
  Invoice,
  PaymentMethod,
  Subscription,
  SubscriptionStatus,
} from "./objects.ts";
import type { Attempt, Outcome } from "./payments.ts";
import { periodOf } from "./subscription_factory.ts";

/** A subscription in one of these becomes active when its invoice is paid. */
const CURED: SubscriptionStatus[] = ["incomplete", "past_due", "unpaid"];

export const OPEN_STATUSES: SubscriptionStatus[] = [
  ...["incomplete", "trialing", "active", "past_due", "unpaid", "paused"] as const,
];

export class Billing {
  readonly #books: Books;
  readonly #invoices: Invoices;

  constructor(books: Books, invoices: Invoices) {
    this.#books = books;
    this.#invoices = invoices;
  }

  /** What a subscription is paid with. */
  methodOf(subscription: Subscription): PaymentMethod | undefined {
    const { state } = this.#books;
    const id = subscription.default_payment_method ??
      state.get("customers", subscription.customer)?.invoice_settings?.default_payment_method;
    return id ? state.get("paymentMethods", id) : undefined;
  }

  /** An open invoice of the present period, of what waits for one too. */
  invoice(
    subscription: Subscription,
    reason: BillingReason,
    { isTrial = false, onlyPending = false }: { isTrial?: boolean; onlyPending?: boolean } = {},
  ): Invoice {
    const { id, currency } = subscription;
    const customer = this.#books.find("customers", subscription.customer);
    const created = this.#books.secondsAt(id);
    const pending = this.#books.state.all("invoiceItems").filter((item) =>
      item.simulated_subscription === id && item.invoice === null
    );
    const lines = pending.map(pendingLine);
    if (!onlyPending) {
      lines.push(...subscription.items.data.map((item) => itemLine(item, subscription, isTrial)));
    }
    const draft = this.#invoices.draft({
      customer,
      subscription,
      reason,
      lines,
      currency,
      created,
    });
    for (const item of pending) {
      this.#books.change("invoiceItems", item.id, { invoice: draft.id });
    }
    return this.#invoices.finalize(draft, created);
  }

  /**
   * Tries to collect an invoice; a failure is told by the attempt.
   * @param types What is told of the subscription if that cures it.
   */
  collect(
    subscription: Subscription,
    invoice: Invoice,
    outcome: Outcome = "card",
    ...types: string[]
  ): { subscription: Subscription; invoice: Invoice; attempt?: Attempt } {
    const collected = this.#invoices.collect(invoice, {
      method: this.methodOf(subscription),
      outcome,
      at: this.#books.secondsAt(subscription.id),
    });
    return {
      ...collected,
      subscription: this.afterPayment(collected.invoice, ...types) ?? subscription,
    };
  }

  /** A paid invoice cures its subscription. Returns the subscription, if there is one. */
  afterPayment(invoice: Invoice, ...types: string[]): Subscription | undefined {
    const id = invoice.parent?.subscription_details.subscription;
    const subscription = id === undefined ? undefined : this.#books.state.get("subscriptions", id);
    if (subscription === undefined || invoice.status !== "paid") return subscription;
    if (subscription.latest_invoice !== invoice.id) return subscription;
    if (!CURED.includes(subscription.status)) return subscription;
    const fields = { status: "active" as const };
    return this.#books.change("subscriptions", subscription.id, fields, ...types);
  }

  /** What somebody is to pay the latest invoice with. */
  intentOf(subscription: Subscription): void {
    const invoice = this.latestInvoice(subscription);
    if (invoice) this.#invoices.intentOf(invoice, this.#books.secondsAt(subscription.id));
  }

  /** The period after `start`. */
  nextPeriod(
    subscription: Subscription,
    start: number,
    anchor = subscription.billing_cycle_anchor,
  ) {
    const recurring = subscription.items.data[0]?.price.recurring;
    if (!recurring) throw new Error(`${subscription.id} has no recurring price`);
    return { start, end: periodEnd(start, recurring, anchor) };
  }

  /** The period's end comes. */
  moveClock(subscription: Subscription, to = periodOf(subscription).end): void {
    this.#books.state.put("clocks", subscription.id, to);
  }

  latestInvoice(subscription: Subscription): Invoice | undefined {
    const { latest_invoice: id } = subscription;
    return id === null ? undefined : this.#books.state.get("invoices", id);
  }
}
