/** Verifies and parses EasyPost webhooks. */
import * as z from "zod";
import { equalInConstantTime } from "../../../crypto/constant_time.ts";
import { hmacSha256Hex } from "../../../crypto/digests.ts";
import { contentDigest } from "../../../inbox/content_digest.ts";
import { InvalidWebhookError } from "../../../inbox/events.ts";
import { parseLosslessJson } from "../../../values/lossless_json.ts";
import { IdText } from "../../../values/schemas.ts";
import { Tracker } from "./schemas.ts";

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

const Event = z.looseObject({
  id: z.string().regex(/^[\w-]{1,100}$/),
  /** E.g. `tracker.updated`. */
  description: z.string().regex(/^[\w.]{1,100}$/),
  mode: z.string().nullish(),
  result: z.unknown().optional(),
});

const Refund = z.looseObject({ shipment_id: IdText });

export interface EasyPostEvent {
  id: string;
  contentDigest: string;
  description: string;
  /** `test` or `production`. */
  mode: string | null;
  /** `undefined` for events about something else. */
  tracker: Tracker | undefined;
  /** EasyPost's id of the shipment whose refund was decided; `undefined` for other events. */
  refundedShipmentId: string | undefined;
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
  const { success, data } = Event.safeParse(json);
  if (!success) throw new InvalidWebhookError("The body is not an event with id and description.");
  const { id, description, mode } = data;
  const tracker = description.startsWith("tracker.")
    ? Tracker.safeParse(data.result).data
    : undefined;
  const refund = description.startsWith("refund.") ? Refund.safeParse(data.result).data : undefined;
  return {
    id,
    contentDigest: contentDigest(json as object, PER_DELIVERY),
    description,
    mode: mode ?? null,
    tracker,
    refundedShipmentId: refund?.shipment_id,
  };
}
