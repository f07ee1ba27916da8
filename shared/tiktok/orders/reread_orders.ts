/** Reads orders again that were stored with fewer columns than the present mapping has. */
import * as z from "zod";
import { callFunction } from "../../database/call_function.ts";
import type { DatabaseClient } from "../../database/client.ts";
import type { EventResult, ShopEvent } from "../../inbox/events.ts";
import { Outcome } from "../../values/schemas.ts";
import type { TikTokDependencies } from "../dependencies.ts";

/** Handles a REREAD_ORDERS event: stores one event for each order of a page. */
export async function enqueueRereads(
  { database }: TikTokDependencies,
  event: ShopEvent,
): Promise<EventResult> {
  const args = { p_event_id: event.event_id, p_tiktok_shop_id: event.shop.id };
  return { ...await callFunction(database, "enqueue_order_rereads", args, Outcome), more: true };
}

/**
 * Stores a REREAD_ORDERS event for a shop, or for every connected shop.
 * @param shopId TikTok's shop id.
 * @returns Number of shops, without those that have nothing to read again or wait for it already.
 * @throws {DatabaseError} not found: the shop is not connected
 */
export async function requestOrderReread(
  database: DatabaseClient,
  shopId?: string,
): Promise<number> {
  const Requested = z.object({ requested: z.int() });
  const args = { p_shop_id: shopId };
  return (await callFunction(database, "request_order_reread", args, Requested)).requested;
}
