/** The invoices of a subscription, and the effect of their payment on its status. */
import { type Collected, type Invoices, subscriptionLine } from "./invoices.ts";
import type {
  BillingReason,
  EventType,
  Invoice,
  PauseBehavior,
  PaymentMethod,
  Subscription,
  SubscriptionStatus,
} from "./objects.ts";
import type { Outcome } from "./payments.ts";
import type { Store } from "./store.ts";

/** A subscription with one of these statuses becomes active when its latest invoice is paid. */
const UNPAID: SubscriptionStatus[] = ["incomplete", "past_due", "unpaid"];

export class SubscriptionInvoices {
  readonly #store: Store;
  readonly #invoices: Invoices;

  constructor(store: Store, invoices: Invoices) {
    this.#store = store;
    this.#invoices = invoices;
  }

  /** The card that pays: the subscription's own, or the customer's default. */
  methodOf(subscription: Subscription): PaymentMethod | undefined {
    const { state } = this.#store;
    const id = subscription.default_payment_method ??
      state.get("customers", subscription.customer)?.invoice_settings?.default_payment_method;
    return id ? state.get("paymentMethods", id) : undefined;
  }

  /** A draft of the present period's invoice. */
  draft(subscription: Subscription, reason: BillingReason, isTrial = false): Invoice {
    const customer = this.#store.find("customers", subscription.customer);
    const created = this.#store.secondsAt(subscription.id);
    const lines = subscription.items.data.map((item) => subscriptionLine(item, isTrial));
    const { currency } = subscription;
    return this.#invoices.draft({ customer, subscription, reason, lines, currency, created });
  }

  /** An open invoice of the present period. */
  open(subscription: Subscription, reason: BillingReason, isTrial = false): Invoice {
    return this.#invoices.finalize(this.draft(subscription, reason, isTrial));
  }

  /**
   * Tries once to collect an invoice.
   * @param type Of the event that reports the subscription if the payment activates it.
   */
  collect(
    subscription: Subscription,
    invoice: Invoice,
    outcome: Outcome,
    type?: EventType,
  ): Collected & { subscription: Subscription } {
    const at = this.#store.secondsAt(subscription.id);
    const method = this.methodOf(subscription);
    const collected = this.#invoices.collect(invoice, method, outcome, at);
    const activated = this.activate(collected.invoice, type);
    return { ...collected, subscription: activated ?? subscription };
  }

  /** The subscription of an invoice, activated if the invoice is its latest and paid. */
  activate(invoice: Invoice, type?: EventType): Subscription | undefined {
    const id = invoice.parent?.subscription_details.subscription;
    const subscription = id === undefined ? undefined : this.#store.state.get("subscriptions", id);
    if (subscription === undefined || invoice.status !== "paid") return subscription;
    if (subscription.latest_invoice !== invoice.id || !UNPAID.includes(subscription.status)) {
      return subscription;
    }
    const types = type === undefined ? [] : [type];
    return this.#store.update("subscriptions", subscription.id, { status: "active" }, ...types);
  }

  /** Creates the payment intent of the latest invoice, for a payer who is to confirm it. */
  prepare(subscription: Subscription): void {
    const invoice = this.latest(subscription);
    if (invoice) this.#invoices.ensureIntent(invoice, this.#store.secondsAt(subscription.id));
  }

  latest({ latest_invoice: id }: Subscription): Invoice | undefined {
    return id === null ? undefined : this.#store.state.get("invoices", id);
  }

  /** Ends the collection of a draft or an open invoice. */
  leaveUncollected(invoice: Invoice, behavior: PauseBehavior): void {
    if (behavior === "keep_as_draft") return;
    const open = invoice.status === "draft" ? this.#invoices.finalize(invoice) : invoice;
    this.#invoices.close(open, behavior === "void" ? "void" : "uncollectible");
  }
}
