/** Cards: Stripe's test cards, and the customers that they are attached to. */
import { apiErrors, type Decline } from "./errors.ts";
import type { PaymentMethod } from "./objects.ts";
import type { Store } from "./store.ts";

/** The last digits of the card, by the name after `pm_card_` or `tok_`. */
const TEST_CARDS: ReadonlyMap<string, string> = new Map([
  ["visa", "4242"],
  /** Can be attached; each charge is declined. */
  ["chargeCustomerFail", "0341"],
  ["visa_chargeDeclined", "0002"],
  ["chargeDeclined", "0002"],
  /** Is charged, and the bank opens an inquiry. */
  ["createDisputeInquiry", "1976"],
]);

export const DECLINED: Decline = {
  code: "card_declined",
  decline_code: "generic_decline",
  message: "Your card was declined.",
};

export function declineOf({ card }: PaymentMethod): Decline | undefined {
  return ["0341", "0002"].includes(card.last4) ? DECLINED : undefined;
}

export function opensInquiry({ card }: PaymentMethod): boolean {
  return card.last4 === "1976";
}

export class PaymentMethods {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @param token Such as `tok_visa` or `pm_card_visa`. */
  #fromTestCard(token: string): PaymentMethod | undefined {
    const last4 = TEST_CARDS.get(/^(?:pm_card|tok)_(\w+)$/.exec(token)?.[1] ?? "");
    if (last4 === undefined) return undefined;
    return this.#store.add("paymentMethods", {
      id: this.#store.newId("paymentMethods"),
      object: "payment_method",
      card: { brand: "visa", last4 },
      created: this.#store.seconds,
      customer: null,
      livemode: this.#store.livemode,
      metadata: {},
      type: "card",
    });
  }

  /** @param token Such as `tok_visa`. @throws {ApiError} */
  create(token: string): PaymentMethod {
    const made = token.startsWith("tok_") ? this.#fromTestCard(token) : undefined;
    if (made === undefined) throw apiErrors.missing("token", token, "card[token]");
    return made;
  }

  /** `pm_card_visa` and the like name a new card each time. @throws {ApiError} */
  find(id: string, param?: string): PaymentMethod {
    const made = id.startsWith("pm_card_") ? this.#fromTestCard(id) : undefined;
    return made ?? this.#store.find("paymentMethods", id, param);
  }

  /** @throws {ApiError} */
  attach(id: string, customerId: string): PaymentMethod {
    const customer = this.#store.find("customers", customerId, "customer");
    const method = this.find(id);
    if (method.customer === customer.id) return method;
    if (method.customer !== null) {
      throw apiErrors.invalid(
        "The payment method you provided has already been attached to a customer.",
        { code: "payment_method_unexpected_state" },
      );
    }
    // Only 0341 is declined no sooner than at its first charge.
    const decline = method.card.last4 === "0341" ? undefined : declineOf(method);
    if (decline) throw apiErrors.declined(decline);
    const fields = { customer: customer.id };
    return this.#store.update("paymentMethods", method.id, fields, "payment_method.attached");
  }

  /** Detaches every card of a customer. */
  detachAll(customerId: string): void {
    for (const { id, customer } of this.#store.state.all("paymentMethods")) {
      if (customer !== customerId) continue;
      this.#store.update("paymentMethods", id, { customer: null }, "payment_method.detached");
    }
  }

  /** A card that is attached to the customer. @throws {ApiError} */
  ofCustomer(id: string, customerId: string, param: string): PaymentMethod {
    const method = this.#store.find("paymentMethods", id, param);
    if (method.customer === customerId) return method;
    throw apiErrors.invalid(
      `The customer does not have a payment method with the ID ${id}. The payment method must be ` +
        "attached to the customer.",
      { code: "resource_missing", param },
    );
  }
}
