/** The response to a wrong signature. */

export const REFUSAL = {
  status: 403,
  header: "X-Hmac-Signature",
  detail: "The header X-Hmac-Signature is not the signature of this body.",
} as const;
