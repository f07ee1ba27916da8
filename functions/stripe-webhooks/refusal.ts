/** The response to a wrong signature. */

export const REFUSAL = {
  status: 400,
  header: "Stripe-Signature",
  detail: "The header Stripe-Signature is not a recent signature of this body.",
} as const;
