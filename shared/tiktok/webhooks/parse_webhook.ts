/** Reads the body of a TikTok webhook of any topic. */
import { contentDigest } from "../../inbox/content_digest.ts";
import { InvalidWebhookError } from "../../inbox/new_event.ts";
import {
  countOf,
  type Fields,
  fieldsOf,
  isObject,
  textOf,
  TIKTOK_ID,
} from "../../values/fields.ts";
import { parseLosslessJson } from "../../values/lossless_json.ts";
import { isoTime, MAX_UNIX_SECONDS } from "../../values/times.ts";
import { webhookTypeName } from "./topics.ts";

export interface TikTokWebhook {
  /** Name of the topic, e.g. `ORDER_STATUS_CHANGE`. */
  topic: string;
  /** Equal for every delivery of one event, and only for those. */
  externalId: string;
  contentDigest: string;
  /** `null` for topics that name no shop. */
  shopId: string | null;
  /** `data.order_id`, which most topics of interest have. */
  orderId: string | null;
  /** When it happened, ISO 8601; TikTok's retries come up to 15.5 h later. `null` where it is unknown. */
  eventAt: string | null;
  /** Unix seconds of this push. */
  pushedAt: number | null;
  data: Fields;
}

/** Read as written: as numbers some of them would be rounded. */
const ID_KEYS: ReadonlySet<string> = new Set(["tts_notification_id", "shop_id", "order_id"]);

const MAX_TYPE = 1_000_000;

/** Anything but digits counts as absent. */
const idOf = (value: unknown) => textOf(value, TIKTOK_ID);

/** 0 counts as absent: events with it would be taken for deliveries of one event. */
function notificationIdOf(value: unknown): string | null {
  const id = idOf(value);
  return id !== null && /^0+$/.test(id) ? null : id;
}

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
  const type = isObject(json) ? countOf(json.type, MAX_TYPE) : null;
  if (!isObject(json) || type === null) {
    throw new InvalidWebhookError("The body is not an object with an integer `type`.");
  }
  const topic = webhookTypeName(type);
  const notificationId = notificationIdOf(json.tts_notification_id);
  const pushedAt = countOf(json.timestamp);
  const data = fieldsOf(json.data);
  return {
    topic,
    externalId: notificationId ?? deriveId(json, topic),
    contentDigest: contentDigest(json, PER_DELIVERY),
    shopId: idOf(json.shop_id),
    orderId: idOf(data.order_id),
    eventAt: eventTime(notificationId, pushedAt),
    pushedAt,
    data,
  };
}
