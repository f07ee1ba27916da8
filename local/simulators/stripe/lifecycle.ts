/** What becomes of a subscription as time goes by: renewed, not paid, paused. */
import type { Billing } from "./billing.ts";
import type { Books } from "./books.ts";
import type { Endings } from "./endings.ts";
import { refusals } from "./errors.ts";
import type { Invoices } from "./invoices.ts";
import type { Invoice, Subscription } from "./objects.ts";
import type { Outcome } from "./payments.ts";
import { periodOf, withPeriod } from "./subscription_factory.ts";

const UPDATED = "customer.subscription.updated";

export const PAUSE_BEHAVIORS = ["keep_as_draft", "mark_uncollectible", "void"] as const;

export interface LifecycleOptions {
  books: Books;
  invoices: Invoices;
  billing: Billing;
  endings: Endings;
}

export class Lifecycle {
  readonly #options: LifecycleOptions;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  get #books(): Books {
    return this.#options.books;
  }

  change(
    subscription: Subscription,
    fields: Partial<Subscription>,
    ...types: string[]
  ): Subscription {
    return this.#books.change("subscriptions", subscription.id, fields, ...types);
  }

  /** The period's end comes, and the next one begins. */
  renew(subscription: Subscription, outcome: Outcome = "card"): Subscription {
    const { billing } = this.#options;
    billing.moveClock(subscription);
    if (subscription.cancel_at_period_end) return this.#options.endings.cancel(subscription);
    const period = billing.nextPeriod(subscription, periodOf(subscription).end);
    const items = withPeriod(subscription, period);
    // The invoice is of the new period; the event tells of both at once.
    const invoice = this.#invoiced({ ...subscription, items });
    const renewed = this.change(subscription, { items, latest_invoice: invoice.id }, UPDATED);
    if (renewed.pause_collection) {
      this.#leaveUnpaid(invoice, renewed.pause_collection.behavior);
      return renewed;
    }
    if (subscription.status === "unpaid") return renewed;
    return this.#collect(renewed, invoice, outcome);
  }

  #invoiced(subscription: Subscription): Invoice {
    return this.#options.billing.invoice(subscription, "subscription_cycle");
  }

  #leaveUnpaid(invoice: Invoice, behavior: string): void {
    const { invoices } = this.#options;
    const at = invoice.created;
    if (behavior === "void") invoices.close(invoice, "void", at);
    if (behavior === "mark_uncollectible") invoices.close(invoice, "uncollectible", at);
  }

  /** An invoice between two periods is collected at once, as the card has it. */
  charge(
    subscription: Subscription,
    invoice: Invoice,
    fields: Partial<Subscription>,
  ): Subscription {
    return this.#collect(this.change(subscription, fields, UPDATED), invoice, "card");
  }

  /** A payment that fails leaves an active subscription past due. */
  #collect(subscription: Subscription, invoice: Invoice, outcome: Outcome): Subscription {
    const collected = this.#options.billing.collect(subscription, invoice, outcome, UPDATED);
    if (!collected.attempt?.decline || collected.subscription.status !== "active") {
      return collected.subscription;
    }
    return this.change(collected.subscription, { status: "past_due" }, UPDATED);
  }

  /** One more attempt at the latest invoice, or the renewal's first. */
  pay(subscription: Subscription, outcome: "succeeds" | "fails"): Subscription {
    const invoice = this.#options.billing.latestInvoice(subscription);
    if (invoice?.status === "open") return this.#collect(subscription, invoice, outcome);
    return subscription.status === "trialing"
      ? this.endTrial(subscription, { outcome })
      : this.renew(subscription, outcome);
  }

  /** @param at When, in unix seconds. @default when it was to end */
  endTrial(
    subscription: Subscription,
    { at = subscription.trial_end ?? this.#books.seconds, outcome = "card" }: {
      at?: number;
      outcome?: Outcome;
    } = {},
  ): Subscription {
    const { billing } = this.#options;
    billing.moveClock(subscription, at);
    if (subscription.cancel_at_period_end) return this.#options.endings.cancel(subscription);
    const ended = { trial_end: at, billing_cycle_anchor: at };
    const missing = outcome === "card" && billing.methodOf(subscription) === undefined
      ? subscription.trial_settings.end_behavior.missing_payment_method
      : "create_invoice";
    if (missing === "cancel") return this.#options.endings.cancel(subscription);
    const items = withPeriod(subscription, billing.nextPeriod(subscription, at, at));
    if (missing === "pause") {
      const paused = { ...ended, items, status: "paused" as const };
      return this.change(subscription, paused, "customer.subscription.paused", UPDATED);
    }
    const invoice = this.#invoiced({ ...subscription, items });
    const begun = { ...ended, items, status: "active" as const, latest_invoice: invoice.id };
    return this.#collect(this.change(subscription, begun, UPDATED), invoice, outcome);
  }

  pause(subscription: Subscription): Subscription {
    const paused = { status: "paused" as const };
    return this.change(subscription, paused, "customer.subscription.paused", UPDATED);
  }

  /** A new period begins, if its invoice is paid. @throws {StripeRefusal} */
  resume(subscription: Subscription, anchor: "now" | "unchanged" = "now"): Subscription {
    if (subscription.status !== "paused") {
      throw refusals.invalid("You can only resume a subscription that is paused.");
    }
    const { billing } = this.#options;
    const resumed = "customer.subscription.resumed";
    const at = this.#books.secondsAt(subscription.id);
    if (anchor === "unchanged" && periodOf(subscription).end > at) {
      return this.change(subscription, { status: "active" }, resumed, UPDATED);
    }
    const items = withPeriod(subscription, billing.nextPeriod(subscription, at, at));
    const invoice = this.#invoiced({ ...subscription, items });
    const started = { items, billing_cycle_anchor: at, latest_invoice: invoice.id };
    const waiting = this.change(subscription, started, UPDATED);
    const collected = billing.collect(waiting, invoice);
    if (collected.attempt?.decline) return collected.subscription;
    return this.change(waiting, { status: "active" }, resumed, UPDATED);
  }
}
