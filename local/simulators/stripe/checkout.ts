/** Checkout sessions: opened by a call, paid on their page, expired after a day. */
import { apiErrors } from "./errors.ts";
import { DAY_SECONDS } from "./ids.ts";
import type { CheckoutLine, CheckoutSession, PaymentMethod } from "./objects.ts";
import type { Params } from "./params.ts";
import { declineOf, type PaymentMethods } from "./payment_methods.ts";
import type { Payments } from "./payments.ts";
import type { Prices } from "./prices.ts";
import type { Store } from "./store.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface CheckoutOptions {
  store: Store;
  methods: PaymentMethods;
  payments: Payments;
  prices: Prices;
  subscriptions: Subscriptions;
  /** The address of a session's page. */
  pageUrl: (id: string) => string;
}

export class Checkout {
  readonly #options: CheckoutOptions;

  constructor(options: CheckoutOptions) {
    this.#options = options;
  }

  #readLines(params: Params, mode: CheckoutSession["mode"]): CheckoutLine[] {
    const { prices } = this.#options;
    const lines = params.list("line_items").map((line) => ({
      price: prices.findActive(line.required("price"), line.name("price")),
      quantity: line.integer("quantity") ?? 1,
    }));
    if (lines.length === 0) throw apiErrors.required("line_items");
    const isRecurring = lines.map(({ price }) => price.recurring !== null);
    // Stripe would take a one-time price next to a recurring one; nothing here sells both.
    if (mode === "subscription" && isRecurring.includes(false)) {
      throw apiErrors.invalid("Prices in `subscription` mode must be recurring.");
    }
    if (mode === "payment" && isRecurring.includes(true)) {
      throw apiErrors.invalid("You specified `payment` mode but passed a recurring price.");
    }
    return lines;
  }

  /** @throws {ApiError} */
  create(params: Params): CheckoutSession {
    const { store, pageUrl } = this.#options;
    params.required("mode");
    const mode = params.oneOf("mode", ["subscription", "payment"]) ?? "subscription";
    const customer = mode === "subscription"
      ? params.required("customer")
      : params.nullable("customer") ?? null;
    if (customer !== null) store.find("customers", customer, "customer");
    const lines = this.#readLines(params, mode);
    const total = lines.reduce((sum, { price, quantity }) => sum + price.unit_amount * quantity, 0);
    const shipping = params.object("payment_intent_data").object("shipping")
      .toJSON() as CheckoutSession["simulated_shipping"];
    const id = store.newId("checkoutSessions");
    return store.add("checkoutSessions", {
      id,
      object: "checkout.session",
      amount_total: total,
      cancel_url: params.url("cancel_url") ?? null,
      client_reference_id: params.nullable("client_reference_id") ?? null,
      created: store.seconds,
      currency: lines[0]?.price.currency ?? "usd",
      customer,
      customer_details: null,
      expires_at: store.seconds + DAY_SECONDS,
      invoice: null,
      livemode: store.livemode,
      metadata: params.metadata(),
      mode,
      payment_intent: null,
      payment_status: "unpaid",
      status: "open",
      subscription: null,
      success_url: params.requiredUrl("success_url"),
      url: pageUrl(id),
      simulated_lines: lines,
      simulated_subscription_metadata: params.object("subscription_data").metadata(),
      simulated_shipping: shipping,
    });
  }

  /** Expires the session first if its time has passed. @throws {ApiError} */
  find(id: string): CheckoutSession {
    const session = this.#options.store.find("checkoutSessions", id);
    const isOver = session.status === "open" &&
      session.expires_at <= this.#options.store.seconds;
    return isOver ? this.#expire(session) : session;
  }

  /** The sessions of a customer, oldest first. @throws {ApiError} */
  list(params: Params): CheckoutSession[] {
    const customer = params.text("customer");
    const status = params.oneOf("status", ["open", "complete", "expired"]);
    return this.#options.store.state.all("checkoutSessions").map(({ id }) => this.find(id))
      .filter((session) =>
        (customer === undefined || session.customer === customer) &&
        (status === undefined || session.status === status)
      );
  }

  #expire({ id }: CheckoutSession): CheckoutSession {
    const fields = { status: "expired" as const, url: null };
    return this.#options.store.update(
      "checkoutSessions",
      id,
      fields,
      "checkout.session.expired",
    );
  }

  /** @throws {ApiError} */
  expire(id: string): CheckoutSession {
    return this.#expire(this.#findOpen(id));
  }

  #findOpen(id: string): CheckoutSession {
    const session = this.find(id);
    if (session.status === "open") return session;
    throw apiErrors.invalid(
      `Only Checkout Sessions with a status in ["open"] can be changed. This Checkout Session has a ` +
        `status of ${session.status}.`,
    );
  }

  /** Pays a session. A declined card leaves it open. @throws {ApiError} */
  pay(id: string, card: string): void {
    const { store, methods } = this.#options;
    const session = this.#findOpen(id);
    const method = methods.find(card, "payment_method");
    const decline = declineOf(method);
    if (decline) throw apiErrors.declined(decline);
    const { customer } = session;
    if (customer !== null) methods.attach(method.id, customer);
    const result = session.mode === "subscription"
      ? this.#startSubscription(session, method)
      : this.#chargeOnce(session, method);
    const email = store.state.get("customers", customer ?? "")?.email ?? null;
    store.update("checkoutSessions", id, {
      ...result,
      customer_details: { email, name: null },
      payment_status: "paid",
      status: "complete",
      url: null,
    }, "checkout.session.completed");
  }

  #startSubscription(session: CheckoutSession, method: PaymentMethod) {
    const { id, latest_invoice } = this.#options.subscriptions.create({
      customer: session.customer as string,
      lines: session.simulated_lines,
      defaultPaymentMethod: method.id,
      metadata: session.simulated_subscription_metadata,
      reportsFirst: true,
    });
    return { subscription: id, invoice: latest_invoice };
  }

  #chargeOnce(session: CheckoutSession, method: PaymentMethod) {
    const { payments, store } = this.#options;
    const { amount_total: amount, currency, customer, simulated_shipping: shipping } = session;
    const created = store.seconds;
    const intent = payments.create({ amount, currency, customer, shipping, created });
    payments.confirm(intent, method);
    return { payment_intent: intent.id };
  }
}
