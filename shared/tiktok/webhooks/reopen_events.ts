/** The events of a shop that is connected again: connecting makes the first page of them due, tasks the others. */
import { callFunction } from "../../database/call_function.ts";
import type { EventResult, ShopEvent } from "../../inbox/events.ts";
import { Outcome } from "../../values/schemas.ts";
import type { TikTokDependencies } from "../dependencies.ts";

/** Handles a REOPEN_EVENTS event: makes one page of the shop's events due. */
export async function reopenEvents(
  { database }: TikTokDependencies,
  event: ShopEvent,
): Promise<EventResult> {
  const args = { p_event_id: event.event_id, p_tiktok_shop_id: event.shop.id };
  return { ...await callFunction(database, "reopen_shop_events", args, Outcome), more: true };
}
