/** One request for each function, and the status of its answer from the stand-in's database. */
import type { StackEnvironment } from "../../local/stack/environment.ts";
import { hmacSha256Hex } from "../../shared/crypto/digests.ts";
import { signWebhook } from "../../shared/tiktok/api/signing.ts";
import { ACCESS_TOKEN, USER_ID } from "./stand_in.ts";

export interface FirstCall {
  /** Begins with the name of the function. */
  path: string;
  init: RequestInit;
  status: number;
}

const EVENT = '{"id":"evt_bench","description":"batch.created","type":"balance.available"}';

/** A webhook of TikTok about an order, by default of an unknown shop. */
export function tiktokBody(
  id: number,
  shopId = "7494049642642441621",
  orderId = String(577_086_512_123_755_123n + BigInt(id)),
): string {
  return JSON.stringify({
    type: 1,
    tts_notification_id: String(7_327_112_393_057_371_910n + BigInt(id)),
    shop_id: shopId,
    timestamp: Math.floor(Date.now() / 1000),
    data: {
      order_id: orderId,
      order_status: "AWAITING_SHIPMENT",
      is_on_hold_order: false,
      update_time: Math.floor(Date.now() / 1000),
    },
  });
}

export function signedByTikTok(env: StackEnvironment, body: string): RequestInit {
  const { TIKTOK_APP_KEY: appKey, TIKTOK_APP_SECRET: appSecret } = env;
  const authorization = signWebhook({ appKey, appSecret }, new TextEncoder().encode(body));
  return { method: "POST", headers: { authorization }, body };
}

function signedByEasyPost(env: StackEnvironment): RequestInit {
  const hex = hmacSha256Hex(env.EASYPOST_WEBHOOK_SECRET, EVENT);
  return { method: "POST", headers: { "x-hmac-signature": `hmac-sha256-hex=${hex}` }, body: EVENT };
}

function signedByStripe(env: StackEnvironment): RequestInit {
  const time = Math.floor(Date.now() / 1000);
  const hex = hmacSha256Hex(env.STRIPE_WEBHOOK_SECRET, `${time}.${EVENT}`);
  return { method: "POST", headers: { "stripe-signature": `t=${time},v1=${hex}` }, body: EVENT };
}

/** By name of the function. */
export function firstCalls(env: StackEnvironment): Record<string, FirstCall> {
  const withKey = { method: "POST", headers: { apikey: env.SUPABASE_SECRET_KEY } };
  const asUser = { headers: { authorization: `Bearer ${ACCESS_TOKEN}` } };
  return {
    "empty": { path: "empty", init: { method: "POST" }, status: 200 },
    "tiktok-webhooks": {
      path: "tiktok-webhooks",
      init: signedByTikTok(env, tiktokBody(1)),
      status: 200,
    },
    "stripe-webhooks": { path: "stripe-webhooks", init: signedByStripe(env), status: 200 },
    "carrier-webhooks": { path: "carrier-webhooks", init: signedByEasyPost(env), status: 200 },
    "event-worker": { path: "event-worker", init: withKey, status: 200 },
    "tiktok-token-refresh": { path: "tiktok-token-refresh", init: withKey, status: 200 },
    "health": { path: "health", init: {}, status: 200 },
    "database-tasks": { path: "database-tasks", init: { ...withKey, body: "{}" }, status: 422 },
    "shipments": { path: `shipments?order_id=${USER_ID}`, init: asUser, status: 200 },
    "tiktok-oauth": { path: "tiktok-oauth/shops", init: asUser, status: 200 },
    "billing": { path: "billing/portal", init: { ...asUser, method: "POST" }, status: 409 },
    "account": {
      path: "account/orders.csv?from=2026-11-01&to=2026-12-01",
      init: asUser,
      status: 200,
    },
  };
}
