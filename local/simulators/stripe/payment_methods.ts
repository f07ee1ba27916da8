/** Payment methods: cards, and whose they are. */
import type { Books } from "./books.ts";
import { attachDeclineOf, type Decline, makePaymentMethod, testCard } from "./cards.ts";
import { refusals } from "./errors.ts";
import type { PaymentMethod } from "./objects.ts";

export function cardRefusal({ code, declineCode, message }: Decline, details: object = {}) {
  return refusals.declined(code, declineCode, message, details);
}

export class PaymentMethods {
  readonly #books: Books;

  constructor(books: Books) {
    this.#books = books;
  }

  /** @param token `tok_visa` or its like. @throws {StripeRefusal} */
  create(token: string, billingDetails: Record<string, unknown> = {}): PaymentMethod {
    const card = testCard(token);
    if (card === undefined) throw refusals.missing("token", token, "card[token]");
    const { livemode, seconds: created } = this.#books;
    const id = this.#books.newId("paymentMethods");
    const made = makePaymentMethod({ id, card, billingDetails, livemode, created });
    return this.#books.add("paymentMethods", made);
  }

  /** `pm_card_visa` and its like stand for a new one each time. @throws {StripeRefusal} */
  named(id: string, param?: string): PaymentMethod {
    return testCard(id) && id.startsWith("pm_")
      ? this.create(id)
      : this.#books.find("paymentMethods", id, param);
  }

  /** @throws {StripeRefusal} */
  attach(id: string, customerId: string): PaymentMethod {
    const customer = this.#books.find("customers", customerId, "customer");
    const method = this.named(id);
    if (method.customer === customer.id) return method;
    if (method.customer !== null) {
      throw refusals.invalid(
        "The payment method you provided has already been attached to a customer.",
        { code: "payment_method_unexpected_state" },
      );
    }
    const decline = attachDeclineOf(method);
    if (decline) throw cardRefusal(decline);
    const fields = { customer: customer.id };
    return this.#books.change("paymentMethods", method.id, fields, "payment_method.attached");
  }

  /** It can never be used again. @throws {StripeRefusal} */
  detach(id: string): PaymentMethod {
    return this.#books.change("paymentMethods", id, { customer: null }, "payment_method.detached");
  }

  of(customerId: string): PaymentMethod[] {
    return this.#books.state.all("paymentMethods").filter(({ customer }) =>
      customer === customerId
    );
  }

  /** The one that a customer's object may name: attached to that customer. @throws {StripeRefusal} */
  ofCustomer(id: string, customerId: string, param: string): PaymentMethod {
    const method = this.named(id, param);
    if (method.customer === null && testCard(id)) return this.attach(method.id, customerId);
    if (method.customer === customerId) return method;
    throw refusals.invalid(
      `The customer does not have a payment method with the ID ${id}. The payment method must be ` +
        "attached to the customer.",
      { code: "resource_missing", param },
    );
  }
}
