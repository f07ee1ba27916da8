/** Reads Stripe's webhooks: verifies them, and finds out which subscription they hint at. */
import Stripe from "stripe";
import * as z from "zod";
import { InvalidWebhookError } from "../inbox/events.ts";

/** Seconds that a signature is good for: Stripe's own default. */
export const TOLERANCE_SECONDS = 300;

const provider = Stripe.createSubtleCryptoProvider();

/**
 * Whether Stripe signed exactly these bytes with one of our secrets, not more than 5 minutes ago.
 * @param secrets During a change of the secret Stripe signs with both.
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
  if (signature === null) throw new Error("Stripe's package cannot verify signatures");
  try {
    // Not constructEventAsync: it also refuses thin events and other JSON, after verifying them.
    await signature.verifyHeaderAsync(text, header, secret, TOLERANCE_SECONDS, provider, now);
    return true;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
    throw error;
  }
}

const Id = z.string().min(1).max(255);
const Reference = z.union([Id, z.looseObject({ id: Id }).transform(({ id }) => id)])
  .nullish().catch(null);

/** Snapshot events and thin ones, of any API version. */
const Event = z.looseObject({
  id: z.string().regex(/^[\w-]{1,255}$/),
  // Brackets are in those of thin events: v2.core.account[requirements].updated
  type: z.string().regex(/^[\w.[\]]{1,255}$/),
  livemode: z.boolean().nullish(),
  /** Of events that happened in another, connected account. */
  account: z.string().nullish(),
  data: z.looseObject({ object: z.looseObject({ id: Id.nullish() }) }).nullish().catch(null),
});

export interface StripeEvent {
  id: string;
  type: string;
  livemode: boolean | null;
  account: string | null;
  /** `{}` where the event brings none. */
  object: Record<string, unknown>;
}

/** @throws {InvalidWebhookError} */
export function parseStripeEvent(body: string): StripeEvent {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new InvalidWebhookError("The body is not JSON.");
  }
  const { success, data } = Event.safeParse(json);
  if (!success) throw new InvalidWebhookError("The body is not an event with id and type.");
  const { id, type, livemode, account } = data;
  return {
    id,
    type,
    livemode: livemode ?? null,
    account: account ?? null,
    object: data.data?.object ?? {},
  };
}

/** What an event is about, as ids. */
export interface Hint {
  customerId: string | null;
  subscriptionId: string | null;
}

const Hinting = z.looseObject({
  id: Id.nullish().catch(null),
  customer: Reference,
  subscription: Reference,
  parent: z.looseObject({
    subscription_details: z.looseObject({ subscription: Reference }).nullish().catch(null),
  }).nullish().catch(null),
});

export function readHint({ type, object }: StripeEvent): Hint {
  const { id, customer, subscription, parent } = Hinting.parse(object);
  if (type.startsWith("customer.subscription.")) {
    return { customerId: customer ?? null, subscriptionId: id ?? null };
  }
  return {
    customerId: customer ?? null,
    // Invoices have it in one place or the other, by API version.
    subscriptionId: subscription ?? parent?.subscription_details?.subscription ?? null,
  };
}
