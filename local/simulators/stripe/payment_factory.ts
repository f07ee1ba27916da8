/** Makes payment intents, charges and disputes. */
import type { Decline } from "./cards.ts";
import { DAY_SECONDS, newId } from "./ids.ts";
import type { Charge, Dispute, PaymentIntent, PaymentMethod } from "./objects.ts";
import type { NewPayment } from "./payments.ts";

export function makePaymentIntent(
  { id, livemode, amount, currency, customer, description = null, created }:
    & Omit<NewPayment, "fields">
    & { id: string; livemode: boolean },
  fields: Record<string, unknown> = {},
): PaymentIntent {
  return {
    id,
    object: "payment_intent",
    amount,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: "automatic",
    client_secret: `${id}_${newId("secret")}`,
    confirmation_method: "automatic",
    created,
    currency,
    customer,
    customer_account: null,
    description,
    last_payment_error: null,
    latest_charge: null,
    livemode,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_options: {},
    payment_method_types: ["card"],
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: "requires_payment_method",
    transfer_group: null,
    ...fields,
  };
}

export function makeCharge(
  id: string,
  intent: PaymentIntent,
  method: PaymentMethod | undefined,
  decline: Decline | undefined,
): Charge {
  const isPaid = decline === undefined;
  return {
    id,
    object: "charge",
    amount: intent.amount,
    amount_captured: isPaid ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    balance_transaction: isPaid ? newId("txn") : null,
    billing_details: method?.billing_details ?? null,
    captured: isPaid,
    created: intent.created,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: intent.livemode,
    metadata: {},
    outcome: {
      network_status: isPaid ? "approved_by_network" : "declined_by_network",
      reason: decline?.declineCode ?? null,
      risk_level: "normal",
      seller_message: isPaid ? "Payment complete." : "The bank did not return any further details.",
      type: isPaid ? "authorized" : "issuer_declined",
    },
    paid: isPaid,
    payment_intent: intent.id,
    payment_method: method?.id ?? null,
    payment_method_details: method ? { card: method.card, type: "card" } : null,
    receipt_email: null,
    receipt_number: null,
    refunded: false,
    shipping: intent.shipping,
    source: null,
    statement_descriptor: null,
    status: isPaid ? "succeeded" : "failed",
  };
}

/** An inquiry moves no money yet. */
export function makeDispute(
  id: string,
  charge: Charge,
  wish: "dispute" | "inquiry",
  created: number,
): Dispute {
  return {
    id,
    object: "dispute",
    amount: charge.amount,
    balance_transactions: [],
    charge: charge.id,
    created,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: {},
    evidence_details: {
      due_by: created + 9 * DAY_SECONDS,
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    },
    is_charge_refundable: wish === "inquiry",
    livemode: charge.livemode,
    metadata: {},
    payment_intent: charge.payment_intent,
    reason: "fraudulent",
    status: wish === "inquiry" ? "warning_needs_response" : "needs_response",
  };
}
