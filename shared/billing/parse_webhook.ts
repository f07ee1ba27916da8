/** Parses Stripe events, and reads which subscription they are about. */
import { contentDigest } from "../inbox/content_digest.ts";
import { InvalidWebhookError } from "../inbox/new_event.ts";
import { type Fields, fieldsOf, ID_TEXT, textOf } from "../values/fields.ts";
import { parseJson } from "../values/json.ts";

const EVENT_ID = /^[\w-]{1,255}$/;

/** Thin events have brackets: v2.core.account[requirements].updated */
const EVENT_TYPE = /^[\w.[\]]{1,255}$/;

/** Whether it is of this type, or absent. */
const isOptional = (value: unknown, type: "boolean" | "string") =>
  value === undefined || value === null || typeof value === type;

export interface StripeEvent {
  id: string;
  contentDigest: string;
  type: string;
  livemode: boolean | null;
  /** The connected account in which the event happened. */
  account: string | null;
  /** `{}` if the event has none. */
  object: Fields;
}

/** The number of endpoints that have not received the event. */
const PER_DELIVERY = ["pending_webhooks"];

/** `{}` for thin events, which have none, and for one with an odd id. */
function objectOf(event: Fields): Fields {
  const object = fieldsOf(fieldsOf(event.data).object);
  const hasOddId = object.id != null && textOf(object.id, ID_TEXT) === null;
  return hasOddId ? {} : object;
}

/** Snapshot events and thin events, of any API version. @throws {InvalidWebhookError} */
export function parseStripeEvent(body: string): StripeEvent {
  let json: unknown;
  try {
    json = parseJson(body);
  } catch {
    throw new InvalidWebhookError("The body is not JSON.");
  }
  const event = fieldsOf(json);
  const id = textOf(event.id, EVENT_ID);
  const type = textOf(event.type, EVENT_TYPE);
  const { livemode, account } = event;
  if (
    id === null || type === null ||
    !isOptional(livemode, "boolean") || !isOptional(account, "string")
  ) {
    throw new InvalidWebhookError("The body is not an event with id and type.");
  }
  return {
    id,
    contentDigest: contentDigest(event, PER_DELIVERY),
    type,
    livemode: livemode as boolean ?? null,
    account: account as string ?? null,
    object: objectOf(event),
  };
}

/** The ids that an event names. */
export interface StripeIds {
  customerId: string | null;
  subscriptionId: string | null;
}

/** The id of an object that is named by its id, or expanded. */
function referenceOf(value: unknown): string | null {
  return textOf(value, ID_TEXT) ?? textOf(fieldsOf(value).id, ID_TEXT);
}

export function readStripeIds({ type, object }: StripeEvent): StripeIds {
  const customerId = referenceOf(object.customer);
  if (type.startsWith("customer.subscription.")) {
    return { customerId, subscriptionId: textOf(object.id, ID_TEXT) };
  }
  const details = fieldsOf(fieldsOf(object.parent).subscription_details);
  return {
    customerId,
    // The place in an invoice depends on the API version.
    subscriptionId: referenceOf(object.subscription) ?? referenceOf(details.subscription),
  };
}
