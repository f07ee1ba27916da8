/** How subscriptions end: at once, with their period, or because nobody paid. */
import type { Billing } from "./billing.ts";
import type { Books } from "./books.ts";
import type { Invoices } from "./invoices.ts";
import type { Subscription, SubscriptionStatus } from "./objects.ts";
import { periodOf } from "./subscription_factory.ts";

const UPDATED = "customer.subscription.updated";
const DELETED = "customer.subscription.deleted";

export interface EndingsOptions {
  books: Books;
  invoices: Invoices;
  billing: Billing;
}

export class Endings {
  readonly #options: EndingsOptions;

  constructor(options: EndingsOptions) {
    this.#options = options;
  }

  #change({ id }: Subscription, fields: Partial<Subscription>, type: string): Subscription {
    return this.#options.books.change("subscriptions", id, fields, type);
  }

  /** It ends at once. */
  cancel(
    subscription: Subscription,
    details: Partial<Subscription["cancellation_details"]> = {},
  ): Subscription {
    const at = this.#options.books.secondsAt(subscription.id);
    const { cancellation_details: before, canceled_at: decided } = subscription;
    return this.#change(subscription, {
      canceled_at: decided ?? at,
      cancellation_details: {
        ...before,
        reason: before.reason ?? "cancellation_requested",
        ...details,
      },
      ended_at: at,
      status: "canceled",
    }, DELETED);
  }

  /** It ends with its period, or does not after all. */
  cancelAtPeriodEnd(subscription: Subscription, wanted: boolean): Subscription {
    return this.#change(subscription, this.cancellationFields(subscription, wanted), UPDATED);
  }

  cancellationFields(subscription: Subscription, wanted: boolean): Partial<Subscription> {
    const { cancellation_details: details } = subscription;
    return {
      cancel_at: wanted ? periodOf(subscription).end : null,
      cancel_at_period_end: wanted,
      canceled_at: wanted ? this.#options.books.secondsAt(subscription.id) : null,
      cancellation_details: { ...details, reason: wanted ? "cancellation_requested" : null },
    };
  }

  /** Stripe stops trying to collect. */
  giveUp(subscription: Subscription, status: "unpaid" | "canceled"): Subscription {
    if (status === "unpaid") return this.#change(subscription, { status }, UPDATED);
    return this.cancel(subscription, { reason: "payment_failed" });
  }

  /** Nobody paid the first invoice in time. */
  expire(subscription: Subscription): Subscription {
    const invoice = this.#options.billing.latestInvoice(subscription);
    const at = this.#options.books.secondsAt(subscription.id);
    if (invoice?.status === "open") this.#options.invoices.close(invoice, "void", at);
    const status: SubscriptionStatus = "incomplete_expired";
    return this.#change(subscription, { status, ended_at: at }, UPDATED);
  }
}
