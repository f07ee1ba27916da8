/** Payment intents, charges and disputes. */
import type { Decline } from "./errors.ts";
import type { Charge, PaymentIntent, PaymentMethod } from "./objects.ts";
import { DECLINED, declineOf, opensInquiry } from "./payment_methods.ts";
import type { Store } from "./store.ts";

export interface NewPayment {
  amount: number;
  currency: string;
  customer: string | null;
  description?: string | null;
  shipping?: PaymentIntent["shipping"];
  /** Unix seconds. */
  created: number;
}

/** The result of a charge: that of its card, or a forced one. */
export type Outcome = "card" | "succeeds" | "fails";

export interface Attempt {
  intent: PaymentIntent;
  decline?: Decline;
}

export class Payments {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  create({ amount, currency, customer, description = null, shipping = null, created }: NewPayment) {
    return this.#store.add("paymentIntents", {
      id: this.#store.newId("paymentIntents"),
      object: "payment_intent",
      amount,
      amount_received: 0,
      created,
      currency,
      customer,
      description,
      last_payment_error: null,
      latest_charge: null,
      livemode: this.#store.livemode,
      metadata: {},
      payment_method: null,
      shipping,
      status: "requires_payment_method",
    }, "payment_intent.created");
  }

  /** Charges a card for an intent, once. */
  confirm(
    intent: PaymentIntent,
    method: PaymentMethod | undefined,
    outcome: Outcome = "card",
  ): Attempt {
    const byCard = method && declineOf(method);
    const decline = outcome === "fails" ? DECLINED : outcome === "card" ? byCard : undefined;
    const charge = this.#charge(intent, method, decline);
    if (decline !== undefined) {
      const last_payment_error = { ...decline, charge: charge.id, type: "card_error" as const };
      const fields = { last_payment_error, latest_charge: charge.id };
      const type = "payment_intent.payment_failed";
      return { intent: this.#store.update("paymentIntents", intent.id, fields, type), decline };
    }
    const paid = this.#store.update("paymentIntents", intent.id, {
      amount_received: intent.amount,
      last_payment_error: null,
      latest_charge: charge.id,
      payment_method: method?.id ?? null,
      status: "succeeded",
    }, "payment_intent.succeeded");
    if (method && outcome === "card" && opensInquiry(method)) {
      this.dispute(charge, "warning_needs_response");
    }
    return { intent: paid };
  }

  #charge(
    intent: PaymentIntent,
    method: PaymentMethod | undefined,
    decline: Decline | undefined,
  ): Charge {
    return this.#store.add("charges", {
      id: this.#store.newId("charges"),
      object: "charge",
      amount: intent.amount,
      created: intent.created,
      currency: intent.currency,
      customer: intent.customer,
      description: intent.description,
      disputed: false,
      failure_code: decline?.code ?? null,
      failure_message: decline?.message ?? null,
      livemode: intent.livemode,
      metadata: {},
      paid: decline === undefined,
      payment_intent: intent.id,
      payment_method: method?.id ?? null,
      status: decline === undefined ? "succeeded" : "failed",
    }, decline ? "charge.failed" : "charge.succeeded");
  }

  dispute(charge: Charge, status: "needs_response" | "warning_needs_response"): void {
    const { amount, currency, livemode, payment_intent } = charge;
    this.#store.update("charges", charge.id, { disputed: true });
    this.#store.add("disputes", {
      id: this.#store.newId("disputes"),
      object: "dispute",
      ...{ amount, charge: charge.id, created: this.#store.seconds, currency, livemode },
      ...{ metadata: {}, payment_intent, reason: "fraudulent", status },
    }, "charge.dispute.created");
  }
}
