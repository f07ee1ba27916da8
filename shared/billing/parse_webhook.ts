/** Reads Stripe's webhooks: verifies them, and finds out which subscription they hint at. */
import Stripe from "stripe";
import * as z from "zod";

/** Seconds that a signature is good for: Stripe's own default. */
export const TOLERANCE_SECONDS = 300;

/** No secret of ours has signed the body, or too long ago. */
export class InvalidSignatureError extends Error {
  override name = "InvalidSignatureError";
}

/** Signed, and yet no event. */
export class InvalidStripeEventError extends Error {
  override name = "InvalidStripeEventError";
}

const provider = Stripe.createSubtleCryptoProvider();

/**
 * @param secrets While a secret is being changed Stripe signs with two.
 * @param now Milliseconds since 1970.
 * @throws {InvalidSignatureError}
 */
export async function verifyStripeWebhook(
  secrets: readonly string[],
  body: string,
  header: string | null,
  now = Date.now(),
): Promise<void> {
  for (const secret of secrets) {
    try {
      await Stripe.webhooks.constructEventAsync(
        body,
        header ?? "",
        secret,
        TOLERANCE_SECONDS,
        provider,
        now,
      );
      return;
    } catch (error) {
      if (error instanceof Stripe.errors.StripeSignatureVerificationError) continue;
      // It refuses thin events too, and what is no JSON, after it has verified them: once more without that.
      const { signature } = Stripe.webhooks;
      if (signature === null) throw error;
      await signature.verifyHeaderAsync(
        body,
        header ?? "",
        secret,
        TOLERANCE_SECONDS,
        provider,
        now,
      );
      return;
    }
  }
  throw new InvalidSignatureError();
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

/** @throws {InvalidStripeEventError} */
export function parseStripeEvent(body: string): StripeEvent {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new InvalidStripeEventError("The body is not JSON.");
  }
  const { success, data } = Event.safeParse(json);
  if (!success) throw new InvalidStripeEventError("The body is not an event with id and type.");
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
