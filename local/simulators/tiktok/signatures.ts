/**
 * TikTok's two signatures, written from its documentation ("Sign your API request", "TTS webhooks
 * overview"). The product has its own code for them; the published vectors decide about both.
 */
import { createHmac } from "node:crypto";

/** The query parameter `sign` of an API call. @param query Decoded values. */
export function signCall(
  appSecret: string,
  path: string,
  query: Record<string, string>,
  body: Uint8Array | string = "",
): string {
  const parameters = Object.entries(query)
    .filter(([name]) => name !== "sign" && name !== "access_token")
    .sort(([a], [b]) => a < b ? -1 : 1);
  return createHmac("sha256", appSecret)
    .update(appSecret + path + parameters.flat().join("")).update(body).update(appSecret)
    .digest("hex");
}

/** The header `Authorization` of a webhook. @param body The bytes that are sent. */
export function signWebhook(
  { appKey, appSecret }: { appKey: string; appSecret: string },
  body: string,
): string {
  return createHmac("sha256", appSecret).update(appKey + body).digest("hex");
}
