/** TikTok's two signatures: of our calls to its API, and of its webhooks to us. */
import { equalInConstantTime } from "../../crypto/constant_time.ts";
import { hmacSha256Hex } from "../../crypto/digests.ts";

export interface ApiRequest {
  /** Path of the API, e.g. `/order/202309/orders`; no host, no query. */
  path: string;
  /** Decoded values; `sign` and `access_token` are left out by the algorithm. */
  query: Record<string, string>;
  /** Exactly the bytes that are sent; left out without a body and for multipart bodies. */
  body?: Uint8Array;
}

/**
 * The value of the query parameter `sign`: HMAC-SHA256, lower-case hex, of
 * secret + path + sorted name-value pairs + body + secret.
 * Source: partner.tiktokshop.com, "Sign your API request".
 */
export function signApiRequest(request: ApiRequest, appSecret: string): string {
  const pairs = Object.keys(request.query)
    .filter((name) => name !== "sign" && name !== "access_token")
    .sort()
    .map((name) => name + request.query[name]);
  const head = appSecret + request.path + pairs.join("");
  return hmacSha256Hex(appSecret, head, request.body ?? "", appSecret);
}

/**
 * The value of a webhook's header `Authorization`: HMAC-SHA256, lower-case hex, of app key + raw body.
 * Source: partner.tiktokshop.com, "TTS webhooks overview".
 */
export function signWebhook(
  app: { appKey: string; appSecret: string },
  body: Uint8Array,
): string {
  return hmacSha256Hex(app.appSecret, app.appKey, body);
}

/** Whether TikTok signed exactly these bytes. The scheme has no timestamp: old deliveries verify too. */
export function verifyTikTokWebhook(
  app: { appKey: string; appSecret: string },
  body: Uint8Array,
  authorization: string | null,
): boolean {
  return equalInConstantTime(authorization ?? "", signWebhook(app, body));
}
