/** Verifies and parses EasyPost webhooks. */
import { equalInConstantTime } from "../../../crypto/constant_time.ts";
import { hmacSha256Hex } from "../../../crypto/digests.ts";
import { contentDigest } from "../../../inbox/content_digest.ts";
import { InvalidWebhookError } from "../../../inbox/new_event.ts";
import { fieldsOf, ID_TEXT, textOf } from "../../../values/fields.ts";
import { parseLosslessJson } from "../../../values/lossless_json.ts";
import { isoTimeOfText } from "../../../values/times.ts";

/**
 * Whether EasyPost signed exactly these bytes: `X-Hmac-Signature: hmac-sha256-hex=<hex>`, keyed with the
 * secret in Unicode form NFKD. The scheme has no timestamp: old deliveries verify too.
 */
export function verifyEasyPostWebhook(
  secret: string,
  body: Uint8Array<ArrayBuffer>,
  signature: string | null,
): boolean {
  const expected = hmacSha256Hex(secret.normalize("NFKD"), body);
  return equalInConstantTime(signature ?? "", `hmac-sha256-hex=${expected}`);
}

const EVENT_ID = /^[\w-]{1,100}$/;

/** E.g. `tracker.updated`. */
const DESCRIPTION = /^[\w.]{1,100}$/;

export interface EasyPostEvent {
  id: string;
  contentDigest: string;
  description: string;
  /** `test` or `production`. */
  mode: string | null;
  /** ISO 8601; `null` if the event has none. */
  createdAt: string | null;
  /** The object that the event is about, such as a tracker. */
  result: unknown;
}

/** State of the event's deliveries. */
const PER_DELIVERY = ["status", "pending_urls", "completed_urls", "updated_at"];

/** @throws {InvalidWebhookError} if the text is not JSON, or has no id and description */
export function parseEasyPostEvent(text: string): EasyPostEvent {
  let json: unknown;
  try {
    json = parseLosslessJson(text);
  } catch {
    throw new InvalidWebhookError("The body is not JSON.");
  }
  const event = fieldsOf(json);
  const id = textOf(event.id, EVENT_ID);
  const description = textOf(event.description, DESCRIPTION);
  const { mode = null, result } = event;
  if (id === null || description === null || (mode !== null && typeof mode !== "string")) {
    throw new InvalidWebhookError("The body is not an event with id and description.");
  }
  const createdAt = isoTimeOfText(textOf(event.created_at, ID_TEXT));
  const digest = contentDigest(event, PER_DELIVERY);
  return { id, contentDigest: digest, description, mode, createdAt, result };
}

/** The tracking number that an event is about; `null` for events about something else. */
export function trackingNumberOf({ description, result }: EasyPostEvent): string | null {
  return description.startsWith("tracker.")
    ? textOf(fieldsOf(result).tracking_code, ID_TEXT)
    : null;
}
