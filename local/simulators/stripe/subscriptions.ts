/** Subscriptions as calls create and update them. */
import { apiErrors } from "./errors.ts";
import { DAY_SECONDS, monthFrom } from "./ids.ts";
import {
  type CheckoutLine,
  type Metadata,
  MISSING_METHODS,
  type MissingPaymentMethod,
  type Subscription,
} from "./objects.ts";
import type { Params } from "./params.ts";
import type { PaymentMethods } from "./payment_methods.ts";
import type { Prices } from "./prices.ts";
import type { Store } from "./store.ts";
import type { SubscriptionInvoices } from "./subscription_invoices.ts";
import type { SubscriptionLifecycle } from "./subscription_lifecycle.ts";
import { makeItem, makeSubscription } from "./subscription_objects.ts";
import { readChanges, readNewItems, readTrialEnd } from "./subscription_params.ts";

/** Stripe announces the end of a trial this many days before. */
const TRIAL_NOTICE_DAYS = 3;
const CREATED = "customer.subscription.created";
const UPDATED = "customer.subscription.updated";

export interface NewSubscription {
  customer: string;
  lines: CheckoutLine[];
  /** Unix seconds; `null` without a trial. */
  trialEnd?: number | null;
  missingPaymentMethod?: MissingPaymentMethod;
  /** The payer confirms the first payment later. */
  isIncomplete?: boolean;
  defaultPaymentMethod?: string | null;
  metadata?: Metadata;
  /** Report it before it is paid, as Checkout does. */
  reportsFirst?: boolean;
}

export interface SubscriptionsOptions {
  store: Store;
  prices: Prices;
  methods: PaymentMethods;
  invoices: SubscriptionInvoices;
  lifecycle: SubscriptionLifecycle;
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** @throws {ApiError} */
  createFrom(params: Params): Subscription {
    const { store, methods, prices } = this.#options;
    const customer = store.find("customers", params.required("customer"), "customer").id;
    const lines = readNewItems(params, prices);
    const methodId = params.nullable("default_payment_method");
    const missing = params.object("trial_settings").object("end_behavior");
    const behavior = params.oneOf("payment_behavior", ["allow_incomplete", "default_incomplete"]);
    return this.create({
      ...{ customer, lines, metadata: params.metadata() },
      trialEnd: readTrialEnd(params, store.seconds),
      missingPaymentMethod: missing.oneOf("missing_payment_method", MISSING_METHODS) ??
        "create_invoice",
      isIncomplete: behavior === "default_incomplete",
      defaultPaymentMethod: methodId
        ? methods.ofCustomer(methodId, customer, "default_payment_method").id
        : null,
    });
  }

  /** @throws {ApiError} */
  create(wanted: NewSubscription): Subscription {
    const { store, invoices } = this.#options;
    const { trialEnd = null, isIncomplete = false, reportsFirst = false } = wanted;
    const made = this.#make(wanted);
    if (trialEnd === null && !isIncomplete && invoices.methodOf(made) === undefined) {
      throw apiErrors.invalid(
        "This customer has no attached payment source or default payment method. Please consider " +
          "adding a default payment method.",
        { code: "resource_missing" },
      );
    }
    store.add("subscriptions", made);
    const invoice = invoices.open(made, "subscription_create", trialEnd !== null);
    let subscription = store.update("subscriptions", made.id, { latest_invoice: invoice.id });
    if (reportsFirst) store.report(CREATED, subscription);
    if (isIncomplete && trialEnd === null) invoices.prepare(subscription);
    else {
      const type = reportsFirst ? UPDATED : undefined;
      subscription = invoices.collect(subscription, invoice, "card", type).subscription;
    }
    if (!reportsFirst) store.report(CREATED, subscription);
    if (trialEnd !== null && trialEnd - store.seconds <= TRIAL_NOTICE_DAYS * DAY_SECONDS) {
      store.report("customer.subscription.trial_will_end", subscription);
    }
    return subscription;
  }

  #make(wanted: NewSubscription): Subscription {
    const { seconds: created, livemode } = this.#options.store;
    const id = this.#options.store.newId("subscriptions");
    const { trialEnd = null } = wanted;
    const anchor = trialEnd ?? created;
    const period = trialEnd === null
      ? monthFrom(created, anchor)
      : { start: created, end: trialEnd };
    return makeSubscription({
      ...{ id, livemode, anchor, created, customer: wanted.customer, trialEnd },
      items: wanted.lines.map((line) => makeItem({ subscription: id, period, created, ...line })),
      status: trialEnd === null ? "incomplete" : "trialing",
      missingPaymentMethod: wanted.missingPaymentMethod ?? "create_invoice",
      defaultPaymentMethod: wanted.defaultPaymentMethod ?? null,
      metadata: wanted.metadata ?? {},
    });
  }

  /** @throws {ApiError} */
  update(subscription: Subscription, params: Params): Subscription {
    const { store, lifecycle, methods, prices } = this.#options;
    const now = store.secondsAt(subscription.id);
    params.oneOf("trial_end", ["now"]);
    const fields = readChanges(subscription, params, { methods, prices, now });
    if (params.has("trial_end") && subscription.status === "trialing") {
      return lifecycle.endTrial(lifecycle.update(subscription, fields), { at: now });
    }
    return lifecycle.update(subscription, fields, UPDATED);
  }
}
