/** Money: payment intents, charges and what banks dispute. */
import type { Books } from "./books.ts";
import { type Decline, declineOf, disputeOf, FORCED_DECLINE } from "./cards.ts";
import type { Charge, Dispute, PaymentIntent, PaymentMethod } from "./objects.ts";
import { makeCharge, makeDispute, makePaymentIntent } from "./payment_factory.ts";

export interface NewPayment {
  amount: number;
  currency: string;
  customer: string | null;
  description?: string | null;
  /** Unix seconds. */
  created: number;
  fields?: Record<string, unknown>;
}

/** How a payment goes: as its card has it, or as a test wants it. */
export type Outcome = "card" | "succeeds" | "fails";

export interface Attempt {
  intent: PaymentIntent;
  decline?: Decline;
}

export class Payments {
  readonly #books: Books;

  constructor(books: Books) {
    this.#books = books;
  }

  create({ created, fields, ...payment }: NewPayment): PaymentIntent {
    const { livemode } = this.#books;
    const id = this.#books.newId("paymentIntents");
    const made = makePaymentIntent({ id, livemode, created, ...payment }, fields);
    return this.#books.add("paymentIntents", made, "payment_intent.created");
  }

  /** Charges a card for an intent, once. */
  confirm(
    intent: PaymentIntent,
    method: PaymentMethod | undefined,
    outcome: Outcome = "card",
  ): Attempt {
    const decline = outcome === "fails"
      ? FORCED_DECLINE
      : outcome === "card" && method
      ? declineOf(method)
      : undefined;
    const charge = this.#charge(intent, method, decline);
    if (decline === undefined) {
      const fields = {
        amount_received: intent.amount,
        last_payment_error: null,
        latest_charge: charge.id,
        payment_method: method?.id ?? null,
        status: "succeeded" as const,
      };
      const paid = this.#change(intent, fields, "payment_intent.succeeded");
      const wish = method && outcome === "card" ? disputeOf(method) : undefined;
      if (wish) this.dispute(charge, wish);
      return { intent: paid };
    }
    const { code, declineCode, message } = decline;
    const needsAction = code === "authentication_required";
    const fields = {
      last_payment_error: {
        charge: charge.id,
        code,
        decline_code: declineCode,
        message,
        payment_method: method ?? null,
        type: "card_error",
      },
      latest_charge: charge.id,
      status: needsAction ? "requires_action" as const : "requires_payment_method" as const,
    };
    const type = needsAction ? "payment_intent.requires_action" : "payment_intent.payment_failed";
    return { intent: this.#change(intent, fields, type), decline };
  }

  #change(intent: PaymentIntent, fields: Partial<PaymentIntent>, type: string): PaymentIntent {
    return this.#books.change("paymentIntents", intent.id, fields, type);
  }

  #charge(
    intent: PaymentIntent,
    method: PaymentMethod | undefined,
    decline: Decline | undefined,
  ): Charge {
    const charge = makeCharge(this.#books.newId("charges"), intent, method, decline);
    return this.#books.add("charges", charge, decline ? "charge.failed" : "charge.succeeded");
  }

  /** Nobody pays it any more. */
  cancel(intent: PaymentIntent): PaymentIntent {
    const fields = { status: "canceled" as const, canceled_at: this.#books.seconds };
    return this.#change(intent, fields, "payment_intent.canceled");
  }

  dispute(charge: Charge, wish: "dispute" | "inquiry" = "dispute"): Dispute {
    this.#books.change("charges", charge.id, { disputed: true });
    const { seconds: created } = this.#books;
    const dispute = makeDispute(this.#books.newId("disputes"), charge, wish, created);
    return this.#books.add("disputes", dispute, "charge.dispute.created");
  }
}
