/** Requests that a shop's orders are read from TikTok: the event worker does. */
import * as z from "zod/mini";
import { callFunction } from "../../database/call_function.ts";
import type { DatabaseClient } from "../../database/client.ts";

const Requested = z.object({ requested: z.int() });

/**
 * Stores a SYNC_ORDERS event for a shop, or for every connected shop.
 * @param shopId TikTok's shop id.
 * @returns Number of shops, without those that wait for a sync already.
 * @throws {DatabaseError} not found: the shop is not connected
 */
export async function requestOrderSync(
  database: DatabaseClient,
  shopId?: string,
): Promise<number> {
  const args = { p_shop_id: shopId };
  return (await callFunction(database, "request_order_sync", args, Requested)).requested;
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
  const args = { p_shop_id: shopId };
  return (await callFunction(database, "request_order_reread", args, Requested)).requested;
}
