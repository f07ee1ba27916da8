/** Reads the body of a TikTok webhook of any topic. */
import * as z from "zod";
import { contentDigest } from "../../inbox/content_digest.ts";
import { InvalidWebhookError } from "../../inbox/events.ts";
import { parseLosslessJson } from "../../values/lossless_json.ts";
import { TikTokId } from "../../values/schemas.ts";
import { isoTime, MAX_UNIX_SECONDS } from "../../values/times.ts";
import { webhookTypeName } from "./topics.ts";

export interface TikTokWebhook {
  /** Name of the topic, e.g. `ORDER_STATUS_CHANGE`. */
  topic: string;
  /** Equal for every delivery of one event, and only for those. */
  externalId: string;
  /** Whether TikTok gave that id; otherwise it is derived. */
  hasNotificationId: boolean;
  contentDigest: string;
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

/** A redelivery differs in the time of its push only; unknown members count. */
const PER_DELIVERY = ["timestamp"];

/**
 * The id of a body without a notification id. A deauthorization has no content but the shop: the next one of
 * the shop would have its id, so each delivery counts, and each is confirmed at TikTok.
 */
function deriveId(json: object, topic: string): string {
  const perDelivery = topic === "SELLER_DEAUTHORIZATION" ? [] : PER_DELIVERY;
  return `derived:${contentDigest(json, perDelivery)}`;
}

/** TikTok retries 2 min, 30 min, 3 h and 12 h after the failure before: the last is 15 h 32 min after the event. */
export const LAST_RETRY_SECONDS = 16 * 3600;

/** Whether TikTok would no longer send this body: someone repeats it. Without `timestamp` nothing is known. */
export function isPastLastRetry({ pushedAt }: TikTokWebhook, nowMs: number): boolean {
  return pushedAt !== null && nowMs / 1000 - pushedAt > LAST_RETRY_SECONDS;
}

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
  const topic = webhookTypeName(body.type);
  return {
    topic,
    externalId: body.tts_notification_id ?? deriveId(json as object, topic),
    hasNotificationId: body.tts_notification_id !== null,
    contentDigest: contentDigest(json as object, PER_DELIVERY),
    shopId: body.shop_id,
    orderId: Id.parse(body.data.order_id),
    eventAt: eventTime(body.tts_notification_id, body.timestamp),
    pushedAt: body.timestamp,
    data: body.data,
  };
}
