/** Checkout sessions: opened by a call, paid or left by whoever has their page open. */
import type { Catalog } from "./catalog.ts";
import { makeSession, type SoldLine } from "./checkout_factory.ts";
import type { Customers } from "./customers.ts";
import { pay, type Payer, subscribe } from "./checkout_payment.ts";
import { refusals } from "./errors.ts";
import type { PaymentMethod } from "./objects.ts";
import type { CheckoutSession } from "./session_objects.ts";
import { Params } from "./params.ts";
import { cardRefusal, type PaymentMethods } from "./payment_methods.ts";
import { declineOf } from "./cards.ts";
import { trialEndOf } from "./subscription_params.ts";

export interface CheckoutOptions extends Payer {
  catalog: Catalog;
  customers: Customers;
  methods: PaymentMethods;
  /** Where the page of a session is. */
  pageUrl: (id: string) => string;
}

const MIN_SECONDS = 30 * 60;
const MAX_SECONDS = 24 * 3600;

export class Checkout {
  readonly #options: CheckoutOptions;

  constructor(options: CheckoutOptions) {
    this.#options = options;
  }

  #lines(params: Params, mode: CheckoutSession["mode"]): SoldLine[] {
    const { catalog } = this.#options;
    const lines = params.list("line_items").map((line) => {
      const price = catalog.price(line.required("price"), line.name("price"));
      return { price, quantity: line.integer("quantity") ?? 1 };
    });
    if (lines.length === 0) throw refusals.required("line_items");
    const recurring = lines.filter(({ price }) => price.recurring !== null);
    if (mode === "subscription" && recurring.length === 0) {
      throw refusals.invalid(
        "You must provide at least one recurring price in `subscription` mode when using prices.",
      );
    }
    if (mode === "payment" && recurring.length > 0) {
      throw refusals.invalid(
        "You specified `payment` mode but passed a recurring price. Either switch to `subscription` " +
          "mode or use only one-time prices.",
      );
    }
    return lines;
  }

  #expiry(params: Params): number {
    const { seconds } = this.#options.books;
    const at = params.integer("expires_at") ?? seconds + MAX_SECONDS;
    if (at < seconds + MIN_SECONDS || at > seconds + MAX_SECONDS) {
      throw refusals.invalid(
        "The `expires_at` timestamp must be between 30 minutes and 24 hours from the creation of the " +
          "Checkout Session.",
        { param: "expires_at" },
      );
    }
    return at;
  }

  /** @throws {StripeRefusal} */
  create(params: Params): CheckoutSession {
    const { books, pageUrl } = this.#options;
    params.required("mode");
    const mode = params.oneOf("mode", ["subscription", "payment"] as const) ?? "subscription";
    const customer = params.nullable("customer") ?? null;
    if (customer !== null) books.find("customers", customer, "customer");
    if (customer !== null && params.has("customer_email")) {
      throw refusals.invalid(
        "You may only specify one of these parameters: customer, customer_email.",
      );
    }
    const lines = this.#lines(params, mode);
    const data = params.object("subscription_data");
    // What is wrong with a trial is said now, not when somebody pays.
    trialEndOf(data, books.seconds);
    const id = books.newId("checkoutSessions");
    return books.add(
      "checkoutSessions",
      makeSession(params, {
        ...{ id, mode, customer, lines },
        livemode: books.livemode,
        created: books.seconds,
        expiresAt: this.#expiry(params),
        url: pageUrl(id),
      }),
    );
  }

  /** A session as it is now: whether it has expired is only seen when somebody looks. */
  find(id: string): CheckoutSession {
    const session = this.#options.books.find("checkoutSessions", id);
    const { seconds } = this.#options.books;
    return session.status === "open" && session.expires_at <= seconds
      ? this.#expired(session)
      : session;
  }

  #expired({ id }: CheckoutSession): CheckoutSession {
    const fields = { status: "expired" as const, url: null };
    return this.#options.books.change("checkoutSessions", id, fields, "checkout.session.expired");
  }

  /** @throws {StripeRefusal} */
  expire(id: string): CheckoutSession {
    return this.#expired(this.#open(id));
  }

  #open(id: string): CheckoutSession {
    const session = this.find(id);
    if (session.status === "open") return session;
    throw refusals.invalid(
      `Only Checkout Sessions with a status in ["open"] can be changed. This Checkout Session has a ` +
        `status of ${session.status}.`,
    );
  }

  /** Somebody pays. With a card that is declined, the session stays open. @throws {StripeRefusal} */
  complete(id: string, card: string | PaymentMethod, email?: string): CheckoutSession {
    const { books, customers, methods } = this.#options;
    const session = this.#open(id);
    const method = typeof card === "string" ? methods.named(card, "payment_method") : card;
    const decline = declineOf(method);
    if (decline) throw cardRefusal(decline);
    const given = session.customer_email ?? email ?? "buyer@example.com";
    const form = new URLSearchParams({ email: given }).toString();
    const customer = session.customer === null && session.mode === "payment"
      ? null
      : session.customer ?? customers.create(Params.read(form)).id;
    if (customer !== null) methods.attach(method.id, customer);
    const paid = session.mode === "subscription"
      ? subscribe(session, String(customer), method, this.#options)
      : pay(session, customer, method, this.#options);
    const payerEmail = books.state.get("customers", String(customer))?.email ?? given;
    return books.change("checkoutSessions", id, {
      ...paid,
      customer,
      customer_details: {
        address: null,
        email: payerEmail,
        name: null,
        phone: null,
        tax_exempt: "none",
        tax_ids: [],
      },
      payment_status: session.amount_total === 0 ? "no_payment_required" : "paid",
      status: "complete",
      url: null,
    }, "checkout.session.completed");
  }
}
