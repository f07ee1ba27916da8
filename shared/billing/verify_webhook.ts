/** Verifies the signature of a Stripe webhook, without Stripe's package: a receiver loads nothing else of it. */
import { equalInConstantTime } from "../crypto/constant_time.ts";
import { hmacSha256Hex } from "../crypto/digests.ts";

/** Maximum age of a signature: Stripe's own default. */
export const TOLERANCE_SECONDS = 300;

/**
 * Whether Stripe signed exactly these bytes with one of our secrets, at most 5 minutes ago:
 * `Stripe-Signature: t=<unix seconds>,v1=<hex>`, where v1 is the HMAC-SHA256 of time + "." + body. Other
 * schemes than v1 do not count. Source: docs.stripe.com/webhooks, "Verify webhook signatures manually".
 * @param secrets While the secret is being changed, Stripe signs with both.
 * @param now Milliseconds since 1970.
 */
export function verifyStripeWebhook(
  secrets: readonly string[],
  body: Uint8Array,
  header: string | null,
  now = Date.now(),
): boolean {
  const parts = (header ?? "").split(",").map((part) => part.split("="));
  const valuesOf = (name: string) =>
    parts.filter(([key]) => key === name).map(([, value]) => value ?? "");
  const [time = "", ...others] = valuesOf("t");
  if (!/^\d{1,12}$/.test(time) || others.length > 0) return false;
  if (Math.floor(now / 1000) - Number(time) > TOLERANCE_SECONDS) return false;
  const signatures = valuesOf("v1");
  return secrets.some((secret) => {
    const expected = hmacSha256Hex(secret, `${time}.`, body);
    return signatures.some((signature) => equalInConstantTime(signature, expected));
  });
}
