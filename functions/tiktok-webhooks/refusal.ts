/** The response to a wrong signature. */

// Never 401: TikTok takes that for "received" and does not send again.
export const REFUSAL = {
  status: 403,
  header: "authorization",
  detail: "The header authorization is not the signature of this body.",
} as const;
