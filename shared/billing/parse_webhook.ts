/** Parses Stripe events, and reads which subscription they are about. */
import * as z from "zod";
import { contentDigest } from "../inbox/content_digest.ts";
import { InvalidWebhookError } from "../inbox/events.ts";
import { parseJson } from "../values/json.ts";
import { IdText } from "../values/schemas.ts";

const Reference = z.union([IdText, z.looseObject({ id: IdText }).transform(({ id }) => id)])
  .nullish().catch(null);

/** Snapshot events and thin events, of any API version. */
const Event = z.looseObject({
  id: z.string().regex(/^[\w-]{1,255}$/),
  // Thin events have brackets: v2.core.account[requirements].updated
  type: z.string().regex(/^[\w.[\]]{1,255}$/),
  livemode: z.boolean().nullish(),
  /** The connected account in which the event happened. */
  account: z.string().nullish(),
  data: z.looseObject({ object: z.looseObject({ id: IdText.nullish() }) }).nullish().catch(null),
});

export interface StripeEvent {
  id: string;
  contentDigest: string;
  type: string;
  livemode: boolean | null;
  account: string | null;
  /** `{}` if the event has none. */
  object: Record<string, unknown>;
}

/** The number of endpoints that have not received the event. */
const PER_DELIVERY = ["pending_webhooks"];

/** @throws {InvalidWebhookError} */
export function parseStripeEvent(body: string): StripeEvent {
  let json: unknown;
  try {
    json = parseJson(body);
  } catch {
    throw new InvalidWebhookError("The body is not JSON.");
  }
  const { success, data } = Event.safeParse(json);
  if (!success) throw new InvalidWebhookError("The body is not an event with id and type.");
  const { id, type, livemode, account } = data;
  return {
    id,
    contentDigest: contentDigest(json as object, PER_DELIVERY),
    type,
    livemode: livemode ?? null,
    account: account ?? null,
    object: data.data?.object ?? {},
  };
}

/** The ids that an event names. */
export interface StripeIds {
  customerId: string | null;
  subscriptionId: string | null;
}

const HintFields = z.looseObject({
  id: IdText.nullish().catch(null),
  customer: Reference,
  subscription: Reference,
  parent: z.looseObject({
    subscription_details: z.looseObject({ subscription: Reference }).nullish().catch(null),
  }).nullish().catch(null),
});

export function readStripeIds({ type, object }: StripeEvent): StripeIds {
  const { id, customer, subscription, parent } = HintFields.parse(object);
  if (type.startsWith("customer.subscription.")) {
    return { customerId: customer ?? null, subscriptionId: id ?? null };
  }
  return {
    customerId: customer ?? null,
    // The place in an invoice depends on the API version.
    subscriptionId: subscription ?? parent?.subscription_details?.subscription ?? null,
  };
}
