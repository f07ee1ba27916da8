/** Begins subscriptions: with a trial, a payment, or waiting for one. */
import type { Billing } from "./billing.ts";
import type { Books } from "./books.ts";
import type { Catalog } from "./catalog.ts";
import { declineOf } from "./cards.ts";
import { refusals } from "./errors.ts";
import { DAY_SECONDS, periodEnd } from "./ids.ts";
import type { Metadata, MissingPaymentMethod, Subscription } from "./objects.ts";
import type { Params } from "./params.ts";
import { cardRefusal, type PaymentMethods } from "./payment_methods.ts";
import { makeItem, makeSubscription } from "./subscription_factory.ts";
import { missingMethodOf, trialEndOf } from "./subscription_params.ts";
import { type WantedItem, wantedItems } from "./subscription_items.ts";

const PAYMENT_BEHAVIORS = [
  ...["allow_incomplete", "default_incomplete", "error_if_incomplete"] as const,
  "pending_if_incomplete",
] as const;
type PaymentBehavior = typeof PAYMENT_BEHAVIORS[number];

/** Stripe tells of a trial's end so many days before. */
const TRIAL_NOTICE_DAYS = 3;

export interface NewSubscription {
  customer: string;
  items: WantedItem[];
  /** Unix seconds. */
  trialEnd: number | null;
  missingPaymentMethod?: MissingPaymentMethod;
  paymentBehavior?: PaymentBehavior;
  defaultPaymentMethod?: string | null;
  collectionMethod?: Subscription["collection_method"];
  cancelAtPeriodEnd?: boolean;
  cancelAt?: number | null;
  description?: string | null;
  metadata?: Metadata;
  /** Tell of it before it is paid, as Checkout does. */
  toldFirst?: boolean;
}

export interface SubscriptionsOptions {
  books: Books;
  catalog: Catalog;
  methods: PaymentMethods;
  billing: Billing;
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** @throws {StripeRefusal} */
  fromParams(params: Params): Subscription {
    const { books, catalog, methods } = this.#options;
    const customer = books.find("customers", params.required("customer"), "customer").id;
    const items = wantedItems(params, catalog);
    const methodId = params.nullable("default_payment_method");
    const method = methodId
      ? methods.ofCustomer(methodId, customer, "default_payment_method").id
      : null;
    return this.create({
      ...{ customer, items, defaultPaymentMethod: method },
      trialEnd: trialEndOf(params, books.seconds) ?? null,
      missingPaymentMethod: missingMethodOf(params) ?? "create_invoice",
      paymentBehavior: params.oneOf("payment_behavior", PAYMENT_BEHAVIORS) ?? "allow_incomplete",
      collectionMethod:
        params.oneOf("collection_method", ["charge_automatically", "send_invoice"] as const) ??
          "charge_automatically",
      cancelAtPeriodEnd: params.boolean("cancel_at_period_end") ?? false,
      cancelAt: params.integer("cancel_at") ?? null,
      description: params.nullable("description") ?? null,
      metadata: params.metadata(),
    });
  }

  /** @throws {StripeRefusal} */
  create(wanted: NewSubscription): Subscription {
    const { books, billing } = this.#options;
    const made = this.#make(wanted);
    const isTrial = wanted.trialEnd !== null;
    const automatic = made.collection_method === "charge_automatically";
    const behavior = wanted.paymentBehavior ?? "allow_incomplete";
    const method = billing.methodOf(made);
    if (!isTrial && automatic) this.#checkPayable(method, behavior);

    books.add("subscriptions", made);
    const invoice = billing.invoice(made, "subscription_create", { isTrial });
    let subscription = books.change("subscriptions", made.id, { latest_invoice: invoice.id });
    const created = "customer.subscription.created";
    if (wanted.toldFirst) books.tell(created, subscription);
    const waits = !isTrial && (!automatic || behavior === "default_incomplete");
    if (waits) {
      // The payer is to see what is to be paid, not the simulator to charge it.
      if (automatic) billing.intentOf(subscription);
    } else {
      const types = wanted.toldFirst ? ["customer.subscription.updated"] : [];
      subscription = billing.collect(subscription, invoice, "card", ...types).subscription;
    }
    if (!wanted.toldFirst) books.tell(created, subscription);
    if (isTrial) this.#announceTrialEnd(subscription);
    return subscription;
  }

  #make(wanted: NewSubscription): Subscription {
    const { books } = this.#options;
    const id = books.newId("subscriptions");
    const { seconds: created, livemode } = books;
    const anchor = wanted.trialEnd ?? created;
    const recurring = wanted.items[0]?.price.recurring;
    if (!recurring) throw refusals.required("items");
    const end = wanted.trialEnd ?? periodEnd(created, recurring, anchor);
    const items = wanted.items.map((item) =>
      makeItem({ subscription: id, period: { start: created, end }, created, ...item })
    );
    const collectionMethod = wanted.collectionMethod ?? "charge_automatically";
    const unpaid = collectionMethod === "charge_automatically" ? "incomplete" : "active";
    return makeSubscription({
      ...{ id, livemode, customer: wanted.customer, items, anchor, created, collectionMethod },
      status: wanted.trialEnd === null ? unpaid : "trialing",
      trialEnd: wanted.trialEnd,
      missingPaymentMethod: wanted.missingPaymentMethod ?? "create_invoice",
      cancelAtPeriodEnd: wanted.cancelAtPeriodEnd ?? false,
      cancelAt: wanted.cancelAtPeriodEnd ? end : wanted.cancelAt ?? null,
      defaultPaymentMethod: wanted.defaultPaymentMethod ?? null,
      description: wanted.description ?? null,
      metadata: wanted.metadata ?? {},
    });
  }

  /** @throws {StripeRefusal} */
  #checkPayable(method: ReturnType<Billing["methodOf"]>, behavior: PaymentBehavior): void {
    if (behavior === "default_incomplete") return;
    if (method === undefined) {
      throw refusals.invalid(
        "This customer has no attached payment source or default payment method. Please consider " +
          "adding a default payment method.",
        { code: "resource_missing" },
      );
    }
    const decline = behavior === "error_if_incomplete" ? declineOf(method) : undefined;
    if (decline) throw cardRefusal(decline);
  }

  #announceTrialEnd(subscription: Subscription): void {
    const { books } = this.#options;
    const { trial_end: end } = subscription;
    if (end !== null && end - books.seconds <= TRIAL_NOTICE_DAYS * DAY_SECONDS) {
      books.tell("customer.subscription.trial_will_end", subscription);
    }
  }
}
