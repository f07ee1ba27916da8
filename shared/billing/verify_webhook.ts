/** Verifies the signature of a Stripe webhook. */
import Stripe from "stripe";
import { LoggableError } from "../loggable_error.ts";

/** Maximum age of a signature: Stripe's own default. */
export const TOLERANCE_SECONDS = 300;

const provider = Stripe.createSubtleCryptoProvider();

/**
 * Whether Stripe signed exactly these bytes with one of our secrets, at most 5 minutes ago.
 * @param secrets While the secret is being changed, Stripe signs with both.
 * @param now Milliseconds since 1970.
 */
export async function verifyStripeWebhook(
  secrets: readonly string[],
  body: Uint8Array<ArrayBuffer>,
  header: string | null,
  now = Date.now(),
): Promise<boolean> {
  // Bytes that are not UTF-8 become another text, which Stripe did not sign.
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
  for (const secret of secrets) {
    if (await isSignedWith(secret, text, header ?? "", now)) return true;
  }
  return false;
}

async function isSignedWith(
  secret: string,
  text: string,
  header: string,
  now: number,
): Promise<boolean> {
  const { signature } = Stripe.webhooks;
  if (signature === null) throw new LoggableError("Stripe's package cannot verify signatures");
  try {
    // Not constructEventAsync: it also refuses thin events and other JSON, after verifying them.
    await signature.verifyHeaderAsync(text, header, secret, TOLERANCE_SECONDS, provider, now);
    return true;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
    throw error;
  }
}
