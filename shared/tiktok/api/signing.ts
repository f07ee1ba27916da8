/** TikTok's two signatures: of our calls to its API, and of its webhooks to us. */
import { equalInConstantTime } from "../../crypto/constant_time.ts";
import { hmacSha256Hex } from "../../crypto/hmac.ts";

const encoder = new TextEncoder();

function concatenate(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

export interface ApiRequest {
  /** Path of the API, e.g. `/order/202309/orders`; no host, no query. */
  path: string;
  /** Decoded values; `sign` and `access_token` are left out by the algorithm. */
  query: Record<string, string>;
  /** Exactly the bytes that are sent; leave out for none and for multipart bodies. */
  body?: Uint8Array;
}

/**
 * The value of the query parameter `sign`: HMAC-SHA256, lower-case hex, of
 * secret + path + sorted name-value pairs + body + secret.
 * Source: partner.tiktokshop.com, "Sign your API request".
 */
export async function signApiRequest(request: ApiRequest, appSecret: string): Promise<string> {
  const pairs = Object.keys(request.query)
    .filter((name) => name !== "sign" && name !== "access_token")
    .sort()
    .map((name) => name + request.query[name]);
  const head = encoder.encode(appSecret + request.path + pairs.join(""));
  const message = concatenate(head, request.body ?? new Uint8Array(), encoder.encode(appSecret));
  return await hmacSha256Hex(appSecret, message);
}

/**
 * The value of a webhook's header `Authorization`: HMAC-SHA256, lower-case hex, of app key + raw body.
 * Source: partner.tiktokshop.com, "TTS webhooks overview".
 */
export async function signWebhook(
  app: { appKey: string; appSecret: string },
  body: Uint8Array,
): Promise<string> {
  return await hmacSha256Hex(app.appSecret, concatenate(encoder.encode(app.appKey), body));
}

/** Whether TikTok signed these very bytes. The scheme has no timestamp: old deliveries verify too. */
export async function verifyWebhook(
  app: { appKey: string; appSecret: string },
  body: Uint8Array,
  authorization: string | null,
): Promise<boolean> {
  return equalInConstantTime(authorization ?? "", await signWebhook(app, body));
}
