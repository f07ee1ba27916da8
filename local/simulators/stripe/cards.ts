/** Stripe's test cards: what each of them does is told by its number. */
import type { PaymentMethod } from "./objects.ts";

interface TestCard {
  brand: string;
  last4: string;
}

/** By what follows `pm_card_` or `tok_`. */
const TEST_CARDS: Record<string, TestCard> = {
  visa: { brand: "visa", last4: "4242" },
  mastercard: { brand: "mastercard", last4: "4444" },
  amex: { brand: "amex", last4: "0005" },
  chargeCustomerFail: { brand: "visa", last4: "0341" },
  visa_chargeDeclined: { brand: "visa", last4: "0002" },
  chargeDeclined: { brand: "visa", last4: "0002" },
  visa_chargeDeclinedInsufficientFunds: { brand: "visa", last4: "9995" },
  chargeDeclinedInsufficientFunds: { brand: "visa", last4: "9995" },
  chargeDeclinedExpiredCard: { brand: "visa", last4: "0069" },
  authenticationRequired: { brand: "visa", last4: "3184" },
  createDispute: { brand: "visa", last4: "0259" },
  createDisputeInquiry: { brand: "visa", last4: "1976" },
};

export interface Decline {
  code: string;
  declineCode: string | null;
  message: string;
}

const DECLINED = "Your card was declined.";
const AUTHENTICATION = "Your card was declined. This transaction requires authentication.";

const DECLINES: Record<string, Decline> = {
  "0341": { code: "card_declined", declineCode: "generic_decline", message: DECLINED },
  "0002": { code: "card_declined", declineCode: "generic_decline", message: DECLINED },
  "9995": {
    code: "card_declined",
    declineCode: "insufficient_funds",
    message: "Your card has insufficient funds.",
  },
  "0069": { code: "expired_card", declineCode: null, message: "Your card has expired." },
  "3184": {
    code: "authentication_required",
    declineCode: "authentication_required",
    message: AUTHENTICATION,
  },
};

/** Why a charge of the card fails. */
export function declineOf({ card }: PaymentMethod): Decline | undefined {
  return DECLINES[card.last4];
}

/** Why a card is not even kept for a customer: that it fails only later is what 0341 is for. */
export function attachDeclineOf(method: PaymentMethod): Decline | undefined {
  return ["0341", "3184"].includes(method.card.last4) ? undefined : declineOf(method);
}

export const FORCED_DECLINE: Decline = {
  code: "card_declined",
  declineCode: "generic_decline",
  message: DECLINED,
};

/** What the bank asks for once the card was charged. */
export function disputeOf({ card }: PaymentMethod): "dispute" | "inquiry" | undefined {
  if (card.last4 === "0259") return "dispute";
  return card.last4 === "1976" ? "inquiry" : undefined;
}

/** Of `pm_card_visa` or `tok_visa`; `undefined` for what is no test card. */
export function testCard(id: string): TestCard | undefined {
  const name = /^(?:pm_card|tok)_(\w+)$/.exec(id)?.[1];
  return name !== undefined && Object.hasOwn(TEST_CARDS, name) ? TEST_CARDS[name] : undefined;
}

export interface NewPaymentMethod {
  id: string;
  card: TestCard;
  billingDetails?: Record<string, unknown>;
  livemode: boolean;
  created: number;
}

export function makePaymentMethod(
  { id, card, billingDetails, livemode, created }: NewPaymentMethod,
): PaymentMethod {
  return {
    id,
    object: "payment_method",
    allow_redisplay: "unspecified",
    billing_details: {
      address: {
        city: null,
        country: null,
        line1: null,
        line2: null,
        postal_code: null,
        state: null,
      },
      email: null,
      name: null,
      phone: null,
      tax_id: null,
      ...billingDetails,
    },
    card: {
      ...card,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: "pass" },
      country: "US",
      display_brand: card.brand,
      exp_month: 12,
      exp_year: new Date(created * 1000).getUTCFullYear() + 3,
      fingerprint: `simulated${card.last4}`,
      funding: "credit",
      generated_from: null,
      networks: { available: [card.brand], preferred: null },
      regulated_status: "unregulated",
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created,
    customer: null,
    customer_account: null,
    livemode,
    metadata: {},
    type: "card",
  };
}
