/** Reads the body of a TikTok webhook, whatever its topic. */
import * as z from "zod";
import { canonicalJson } from "../../values/canonical_json.ts";
import { sha256Hex } from "../../crypto/encoding.ts";
import { parseJson } from "../../values/lossless_json.ts";
import { webhookTypeName } from "./topics.ts";

export interface TikTokWebhook {
  /** Name of the topic, e.g. `ORDER_STATUS_CHANGE`. */
  topic: string;
  /** Equal for every delivery of one event, and only for those. */
  externalId: string;
  /** Some topics name no shop. */
  shopId: string | null;
  /** What most topics of interest are about. */
  orderId: string | null;
  /** When it happened, ISO 8601; TikTok's retries come up to 15.5 h later. `null` where it is unknown. */
  eventAt: string | null;
  /** Unix seconds of this push. */
  pushedAt: number | null;
  data: Record<string, unknown>;
}

/** The signed body is no webhook of TikTok's. */
export class InvalidWebhookError extends Error {
  override name = "InvalidWebhookError";
}

/** Read as they are written: as numbers some of them would be rounded. */
const ID_KEYS: ReadonlySet<string> = new Set(["tts_notification_id", "shop_id", "order_id"]);

/** TikTok's ids: digits, as a string or as a number. Anything else counts as absent. */
const Id = z.string().regex(/^[0-9]{1,32}$/).nullable().catch(null);

/** Nobody's id is 0: events with it would be taken for one. */
const NotificationId = Id.transform((id) => id !== null && /^0+$/.test(id) ? null : id);

const Body = z.looseObject({
  type: z.int().min(0).max(1_000_000),
  tts_notification_id: NotificationId,
  shop_id: Id,
  timestamp: z.int().nonnegative().nullable().catch(null),
  data: z.record(z.string(), z.unknown()).catch({}),
});

/**
 * Some bodies have no notification id. A redelivery differs in `timestamp` only, so that the id is made
 * of all the rest, odd members too: whatever else differs makes another event.
 */
async function deriveId(json: unknown): Promise<string> {
  let text: string;
  try {
    text = canonicalJson({ ...json as object, timestamp: undefined });
  } catch {
    // Deeper than can be written, though not than can be read.
    throw new InvalidWebhookError("The body is nested too deeply.");
  }
  return `derived:${await sha256Hex(text)}`;
}

/** TikTok's last retry is 15 h 32 min after the event. */
const LAST_RETRY_SECONDS = 16 * 3600;

/** The end of the year 9999: beyond it dates are written otherwise. */
const MAX_SECOND = Date.UTC(9999, 11, 31) / 1000;

/**
 * The upper half of a notification id is the second of the event, seen in live ids but not documented: it
 * counts only where it fits `timestamp`, the time of this push.
 */
function eventTime(notificationId: string | null, pushedAt: number | null): string | null {
  if (notificationId === null || pushedAt === null) return null;
  const second = Number(BigInt(notificationId) >> 32n);
  const age = pushedAt - second;
  if (age < -300 || age > LAST_RETRY_SECONDS || second > MAX_SECOND) return null;
  return new Date(second * 1000).toISOString();
}

/** @throws {InvalidWebhookError} if the bytes are not UTF-8, not a JSON object, or have no `type`. */
export async function parseWebhook(bytes: Uint8Array): Promise<TikTokWebhook> {
  let json: unknown;
  try {
    json = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes), ID_KEYS);
  } catch {
    throw new InvalidWebhookError("The body is not JSON.");
  }
  const { success, data: body } = Body.safeParse(json);
  if (!success) throw new InvalidWebhookError("The body is not an object with an integer `type`.");
  return {
    topic: webhookTypeName(body.type),
    externalId: body.tts_notification_id ?? await deriveId(json),
    shopId: body.shop_id,
    orderId: Id.parse(body.data.order_id),
    eventAt: eventTime(body.tts_notification_id, body.timestamp),
    pushedAt: body.timestamp,
    data: body.data,
  };
}
