/** Reads orders again that were stored with fewer columns than the present mapping has. */
import { callFunction } from "../../database/call_function.ts";
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
