/** Handles the events of a connected TikTok shop that are not about one order. */
import * as z from "zod/mini";
import { callFunction } from "../../database/call_function.ts";
import {
  type EventHandler,
  type EventResult,
  handleEach,
  type ShopEvent,
} from "../../inbox/events.ts";
import { log } from "../../log.ts";
import { isoTime, MAX_UNIX_SECONDS } from "../../values/times.ts";
import { Outcome } from "../../values/schemas.ts";
import { getWebhooks } from "../api/webhooks.ts";
import { isStillAuthorized } from "../connections/confirm_authorization.ts";
import { ConnectionWaitsError, ShopConnection } from "../connections/shop_connection.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { namedOrders } from "../orders/order_notices.ts";
import { LAST_RETRY_SECONDS, parseTikTokWebhook } from "./parse_webhook.ts";
import { findLostTopics, subscribeWebhooks } from "./subscriptions.ts";

type HandleShopEvent = (
  dependencies: TikTokDependencies,
  event: ShopEvent,
) => Promise<EventResult>;

/** Ignores events whose shop is not connected: connecting it reopens them. */
export function shopHandler(
  dependencies: () => TikTokDependencies,
  handle: HandleShopEvent,
): EventHandler {
  return handleEach(async (event) => {
    const { shop, shop_id } = event;
    if (shop !== null) return await handle(dependencies(), { ...event, shop });
    return { ignored: shop_id === null ? "no_shop_named" : "shop_not_connected" };
  });
}

/** Stores one event for each order that the event names. */
export async function expandEvent(
  { database }: TikTokDependencies,
  event: ShopEvent,
): Promise<EventResult> {
  const { data } = parseTikTokWebhook(event.body);
  const args = {
    p_event_id: event.event_id,
    p_tiktok_shop_id: event.shop.id,
    p_orders: namedOrders(event.event_type, data),
  };
  return { ...await callFunction(database, "expand_webhook_event", args, Outcome), more: true };
}

/**
 * The seller removed the app from the shop. An event whose time is unknown may be a replay, or about an older
 * connection: TikTok confirms it before the tokens are erased.
 */
export async function deauthorizeShop(
  dependencies: TikTokDependencies,
  event: ShopEvent,
): Promise<EventResult> {
  const { eventAt } = parseTikTokWebhook(event.body);
  if (eventAt === null && await isStillAuthorized(dependencies, event.shop)) {
    return { ignored: "still_authorized" };
  }
  const args = {
    p_event_id: event.event_id,
    p_tiktok_shop_id: event.shop.id,
    p_event_at: eventAt,
    p_confirmed_after: eventAt === null ? event.claimed_at : null,
  };
  return await callFunction(dependencies.database, "deauthorize_tiktok_shop", args, Outcome);
}

const DAY_SECONDS = 24 * 3600;

/** `expiration_time` is a string of unix seconds. */
const Expiration = z.object({
  expiration_time: z.pipe(
    z.union([z.int(), z.pipe(z.string().check(z.regex(/^\d{1,12}$/)), z.transform(Number))]),
    z.int().check(z.positive(), z.maximum(MAX_UNIX_SECONDS)),
  ),
});

/** Stores when the seller's authorization expires. TikTok repeats the notice each day. */
export async function recordExpiration(
  { database }: TikTokDependencies,
  event: ShopEvent,
): Promise<EventResult> {
  const { eventAt, pushedAt, data } = parseTikTokWebhook(event.body);
  const expiration = Expiration.safeParse(data);
  // The topic announces a future time: an older one is another field's unit.
  if (!expiration.success || expiration.data.expiration_time < (pushedAt ?? 0) - DAY_SECONDS) {
    return { ignored: "no_expiration_named" };
  }
  // Where it is unknown: the earliest possible time. Then a late notice of an older connection cannot end this one.
  const earliest = isoTime(Math.max((pushedAt ?? 0) - LAST_RETRY_SECONDS, 0));
  const args = {
    p_event_id: event.event_id,
    p_tiktok_shop_id: event.shop.id,
    p_event_at: eventAt ?? earliest,
    p_expires_at: isoTime(expiration.data.expiration_time),
  };
  return await callFunction(database, "record_authorization_expiry", args, Outcome);
}

/** Subscribes the webhooks of a shop that was just connected. */
export async function subscribeShop(
  dependencies: TikTokDependencies,
  event: ShopEvent,
  webhookUrl: string,
): Promise<EventResult> {
  const { database, tiktok } = dependencies;
  await subscribeWebhooks(tiktok, new ShopConnection(dependencies, event.shop), webhookUrl);
  const args = {
    p_event_id: event.event_id,
    p_tiktok_shop_id: event.shop.id,
    p_webhook_url: webhookUrl,
  };
  return await callFunction(database, "finish_webhook_subscription", args, Outcome);
}

/** CHECK_WEBHOOKS: compares the shop's subscriptions with ours, and puts lost ones back. */
export async function checkWebhooks(
  dependencies: TikTokDependencies,
  event: ShopEvent,
  webhookUrl: string,
): Promise<EventResult> {
  const { database, tiktok } = dependencies;
  const connection = new ShopConnection(dependencies, event.shop);
  const webhooks = await connection.call((access) => getWebhooks(tiktok, access));
  const lost = findLostTopics(webhooks, webhookUrl);
  await subscribeWebhooks(tiktok, connection, webhookUrl, lost);
  const { shop_id } = event.shop;
  if (lost.length > 0) log.error("webhooks restored", { shop_id, topics: lost.join(",") });
  const args = {
    p_event_id: event.event_id,
    p_tiktok_shop_id: event.shop.id,
    p_webhook_url: webhookUrl,
    p_restored: lost,
  };
  const result = await callFunction(database, "finish_webhook_check", args, Outcome);
  return { ...result, more: lost.length > 0 };
}

/** PROBE_SHOP: one call finds out whether TikTok has activated a paused shop again. */
export async function probeShop(
  dependencies: TikTokDependencies,
  event: ShopEvent,
): Promise<EventResult> {
  const { database, tiktok } = dependencies;
  const connection = new ShopConnection(dependencies, event.shop, { probe: true });
  try {
    await connection.call((access) => getWebhooks(tiktok, access));
  } catch (error) {
    // The next probe is a day later: SQL pause_tiktok_shop has set it.
    if (error instanceof ConnectionWaitsError && error.whilePaused) {
      return { ignored: "shop_still_paused" };
    }
    throw error;
  }
  const args = { p_event_id: event.event_id, p_tiktok_shop_id: event.shop.id };
  const result = await callFunction(database, "resume_tiktok_shop", args, Outcome);
  log.info("shop resumed", { shop_id: event.shop.shop_id });
  return { ...result, more: true };
}
