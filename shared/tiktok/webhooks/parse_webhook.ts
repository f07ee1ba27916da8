/** Reads the body of a TikTok webhook of any topic. */
import * as z from "zod";
import { sha256Hex } from "../../crypto/digests.ts";
import { InvalidWebhookError } from "../../inbox/events.ts";
import { canonicalJson } from "../../values/canonical_json.ts";
import { parseLosslessJson } from "../../values/lossless_json.ts";
import { TikTokId } from "../../values/schemas.ts";
import { isoTime, MAX_UNIX_SECONDS } from "../../values/times.ts";
import { webhookTypeName } from "./topics.ts";

export interface TikTokWebhook {
  /** Name of the topic, e.g. `ORDER_STATUS_CHANGE`. */
  topic: string;
  /** Equal for every delivery of one event, and only for those. */
  externalId: string;
  /** `null` for topics that name no shop. */
  shopId: string | null;
  /** `data.order_id`, which most topics of interest have. */
  orderId: string | null;
  /** When it happened, ISO 8601; TikTok's retries come up to 15.5 h later. `null` where it is unknown. */
  eventAt: string | null;
  /** Unix seconds of this push. */
  pushedAt: number | null;
  data: Record<string, unknown>;
}

/** Read as written: as numbers some of them would be rounded. */
const ID_KEYS: ReadonlySet<string> = new Set(["tts_notification_id", "shop_id", "order_id"]);

/** Anything but digits counts as absent. */
const Id = TikTokId.nullable().catch(null);

/** 0 counts as absent: events with it would be taken for deliveries of one event. */
const NotificationId = Id.transform((id) => id !== null && /^0+$/.test(id) ? null : id);

const Body = z.looseObject({
  type: z.int().min(0).max(1_000_000),
  tts_notification_id: NotificationId,
  shop_id: Id,
  timestamp: z.int().nonnegative().nullable().catch(null),
  data: z.record(z.string(), z.unknown()).catch({}),
});

/**
 * The id of a body without a notification id: a redelivery differs in `timestamp` only, so the id is made
 * of everything else, unknown members included.
 */
function deriveId(json: unknown): string {
  return `derived:${sha256Hex(canonicalJson({ ...json as object, timestamp: undefined }))}`;
}

/** TikTok's last retry is 15 h 32 min after the event. */
const LAST_RETRY_SECONDS = 16 * 3600;

/**
 * The upper half of a notification id is the second of the event (seen in live ids, not documented). It
 * counts only if it fits `timestamp`, the time of this push.
 */
function eventTime(notificationId: string | null, pushedAt: number | null): string | null {
  if (notificationId === null || pushedAt === null) return null;
  const second = Number(BigInt(notificationId) >> 32n);
  const age = pushedAt - second;
  if (age < -300 || age > LAST_RETRY_SECONDS || second > MAX_UNIX_SECONDS) return null;
  return isoTime(second);
}

/** @throws {InvalidWebhookError} if the text is not a JSON object with a `type` */
export function parseTikTokWebhook(text: string): TikTokWebhook {
  let json: unknown;
  try {
    json = parseLosslessJson(text, ID_KEYS);
  } catch {
    throw new InvalidWebhookError("The body is not JSON.");
  }
  const { success, data: body } = Body.safeParse(json);
  if (!success) throw new InvalidWebhookError("The body is not an object with an integer `type`.");
  return {
    topic: webhookTypeName(body.type),
    externalId: body.tts_notification_id ?? deriveId(json),
    shopId: body.shop_id,
    orderId: Id.parse(body.data.order_id),
    eventAt: eventTime(body.tts_notification_id, body.timestamp),
    pushedAt: body.timestamp,
    data: body.data,
  };
}
