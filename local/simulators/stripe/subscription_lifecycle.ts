/** The life of a subscription after its start: renewed, past due, paused, resumed, ended. */
import { monthFrom } from "./ids.ts";
import type { EventType, Invoice, Subscription, SubscriptionStatus } from "./objects.ts";
import type { Outcome } from "./payments.ts";
import type { Store } from "./store.ts";
import type { SubscriptionInvoices } from "./subscription_invoices.ts";
import { periodOf, withPeriod } from "./subscription_objects.ts";

const UPDATED = "customer.subscription.updated";
const PAUSED = "customer.subscription.paused";

export class SubscriptionLifecycle {
  readonly #store: Store;
  readonly #invoices: SubscriptionInvoices;

  constructor(store: Store, invoices: SubscriptionInvoices) {
    this.#store = store;
    this.#invoices = invoices;
  }

  /** @param types Of the events that report it. */
  update(
    { id }: Subscription,
    fields: Partial<Subscription>,
    ...types: EventType[]
  ): Subscription {
    return this.#store.update("subscriptions", id, fields, ...types);
  }

  /** The period ends and the next one begins, unless the subscription was to end with it. */
  renew(subscription: Subscription, outcome: Outcome = "card"): Subscription {
    const { end } = periodOf(subscription);
    this.#store.state.put("clocks", subscription.id, end);
    if (subscription.cancel_at_period_end) return this.cancel(subscription);
    const items = withPeriod(subscription, monthFrom(end, subscription.billing_cycle_anchor));
    // The invoice is for the new period; one event reports both.
    const next = { ...subscription, items };
    const { pause_collection: pause } = subscription;
    const invoice = pause
      ? this.#invoices.draft(next, "subscription_cycle")
      : this.#invoices.open(next, "subscription_cycle");
    const renewed = this.update(subscription, { items, latest_invoice: invoice.id }, UPDATED);
    if (pause) {
      this.#invoices.leaveUncollected(invoice, pause.behavior);
      return renewed;
    }
    return subscription.status === "unpaid" ? renewed : this.#collect(renewed, invoice, outcome);
  }

  /** A failed payment makes an active subscription past due. */
  #collect(subscription: Subscription, invoice: Invoice, outcome: Outcome): Subscription {
    const collected = this.#invoices.collect(subscription, invoice, outcome, UPDATED);
    const isFailed = collected.attempt?.decline !== undefined;
    return isFailed && collected.subscription.status === "active"
      ? this.update(collected.subscription, { status: "past_due" }, UPDATED)
      : collected.subscription;
  }

  /** Another attempt at the latest invoice if it is open, otherwise the first one of the next period. */
  pay(subscription: Subscription, outcome: "succeeds" | "fails"): Subscription {
    const invoice = this.#invoices.latest(subscription);
    if (invoice?.status === "open") return this.#collect(subscription, invoice, outcome);
    return subscription.status === "trialing"
      ? this.endTrial(subscription, { outcome })
      : this.renew(subscription, outcome);
  }

  /** @param at Unix seconds. @default the planned end of the trial */
  endTrial(
    subscription: Subscription,
    { at = subscription.trial_end ?? this.#store.seconds, outcome = "card" }: {
      at?: number;
      outcome?: Outcome;
    } = {},
  ): Subscription {
    this.#store.state.put("clocks", subscription.id, at);
    if (subscription.cancel_at_period_end) return this.cancel(subscription);
    const hasMethod = outcome !== "card" || this.#invoices.methodOf(subscription) !== undefined;
    const { missing_payment_method: missing } = subscription.trial_settings.end_behavior;
    if (!hasMethod && missing === "cancel") return this.cancel(subscription);
    const items = withPeriod(subscription, monthFrom(at, at));
    const ended = { trial_end: at, billing_cycle_anchor: at, items };
    if (!hasMethod && missing === "pause") {
      return this.update(subscription, { ...ended, status: "paused" }, PAUSED, UPDATED);
    }
    const invoice = this.#invoices.open({ ...subscription, items }, "subscription_cycle");
    const started = { ...ended, status: "active" as const, latest_invoice: invoice.id };
    return this.#collect(this.update(subscription, started, UPDATED), invoice, outcome);
  }

  pause(subscription: Subscription): Subscription {
    return this.update(subscription, { status: "paused" }, PAUSED, UPDATED);
  }

  /** Starts a new period if its invoice is paid. */
  resume(subscription: Subscription): Subscription {
    const at = this.#store.secondsAt(subscription.id);
    const items = withPeriod(subscription, monthFrom(at, at));
    const invoice = this.#invoices.open({ ...subscription, items }, "subscription_cycle");
    const started = { items, billing_cycle_anchor: at, latest_invoice: invoice.id };
    const waiting = this.update(subscription, started, UPDATED);
    const collected = this.#invoices.collect(waiting, invoice, "card");
    if (collected.attempt?.decline) return collected.subscription;
    return this.update(waiting, { status: "active" }, "customer.subscription.resumed", UPDATED);
  }

  /** Ends it at once. */
  cancel(subscription: Subscription): Subscription {
    const at = this.#store.secondsAt(subscription.id);
    const fields = {
      canceled_at: subscription.canceled_at ?? at,
      ended_at: at,
      status: "canceled" as const,
    };
    return this.update(subscription, fields, "customer.subscription.deleted");
  }

  /** Stripe stops collecting the open invoice. */
  stopCollecting(subscription: Subscription, status: "unpaid" | "canceled"): Subscription {
    if (status === "canceled") return this.cancel(subscription);
    return this.update(subscription, { status }, UPDATED);
  }

  /** The first invoice was not paid in time. */
  expire(subscription: Subscription): Subscription {
    const invoice = this.#invoices.latest(subscription);
    if (invoice?.status === "open") this.#invoices.leaveUncollected(invoice, "void");
    const status: SubscriptionStatus = "incomplete_expired";
    const ended_at = this.#store.secondsAt(subscription.id);
    return this.update(subscription, { status, ended_at }, UPDATED);
  }
}
