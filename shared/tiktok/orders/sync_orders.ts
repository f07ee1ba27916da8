/** Finds a shop's orders at TikTok, page by page, and stores an event for each new state. */
import * as z from "zod/mini";
import { callFunction } from "../../database/call_function.ts";
import { unwrap } from "../../database/errors.ts";
import type { EventResult, ShopEvent } from "../../inbox/events.ts";
import { errorText, log } from "../../log.ts";
import { searchOrders } from "../api/orders.ts";
import { ShopConnection } from "../connections/shop_connection.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { nextPlace, type Place, withoutRead } from "./search_place.ts";

export interface OrderSyncOptions {
  /** After this long the rest is left to another event. @default {30000} */
  budgetMs?: number;
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
}

const FIRST_SYNC_SECONDS = 30 * 24 * 3600;
/** TikTok's search may show an order later than its update time says. */
const OVERLAP_SECONDS = 300;
const PAGE_SIZE = 100;

const Stored = z.object({ outcome: z.string(), enqueued: z.int(), missed: z.int() });

/**
 * Handles a SYNC_ORDERS event: from the end of the shop's last sync, at first 30 days ago, until now. Stored
 * pages stay stored when it is interrupted.
 * @throws {TikTokError}
 */
export async function syncShopOrders(
  dependencies: TikTokDependencies,
  event: ShopEvent,
  { budgetMs = 30_000, now = Date.now }: OrderSyncOptions = {},
): Promise<EventResult> {
  const { database, tiktok } = dependencies;
  const connection = new ShopConnection(dependencies, event.shop);
  const startedAt = now();
  // Includes the present second: the window ends before `to`.
  const to = Math.floor(startedAt / 1000) + 1;
  const { id, shop_id } = event.shop;
  const { orders_synced_until } = unwrap<{ orders_synced_until: string | null }>(
    "orders_synced_until",
    await database.from("tiktok_shops").select("orders_synced_until").eq("id", id).single(),
  );
  const from = orders_synced_until === null
    ? to - FIRST_SYNC_SECONDS
    : Math.floor(Date.parse(orders_synced_until) / 1000) - OVERLAP_SECONDS;
  let found = 0;
  let enqueued = 0;
  let missed = 0;
  let until = from;
  let place: Place = { from, pageToken: undefined, read: [] };
  while (true) {
    const begin = { from: place.from, pageToken: place.pageToken };
    const page = await connection.call((access) =>
      searchOrders(tiktok, access, { ...begin, to, pageSize: PAGE_SIZE })
    );
    const odd = page.unreadable.flatMap(({ id, error }) => {
      log.error("order of a search is not readable", {
        shop_id,
        tiktok_order_id: id,
        error: errorText(error),
      });
      return id === null ? [] : [{ order_id: id, update_time: null }];
    });
    const orders = withoutRead(page.orders, place);
    const last = page.orders.at(-1)?.update_time;
    const following = nextPlace(place, page);
    // Pages are in ascending order: orders after the last one of a page are not seen yet.
    until = following === undefined ? to : Math.min(last ?? until, to);
    // A successor begins at `until`: one that did not move would read the same page.
    const isInTime = now() - startedAt < budgetMs || until <= from;
    const next = following === undefined ? "end" : isInTime ? "page" : "later";
    const args = {
      p_event_id: event.event_id,
      p_tiktok_shop_id: id,
      // An order that cannot be read is tried alone, with its own error.
      p_orders: [
        ...orders.map(({ id, update_time }) => ({ order_id: id, update_time })),
        ...odd,
      ],
      p_synced_until: new Date(until * 1000).toISOString(),
      p_next: next,
    };
    const stored = await callFunction(database, "store_order_page", args, Stored);
    found += orders.length + page.unreadable.length;
    enqueued += stored.enqueued;
    missed += stored.missed;
    if (following !== undefined && stored.outcome === "stored") {
      place = following;
      continue;
    }
    const level = missed > 0 ? "warn" : "info";
    log.at(level, "orders synced", { shop_id, found, enqueued, missed, complete: next === "end" });
    return { outcome: stored.outcome, more: enqueued > 0 || next === "later" };
  }
}
