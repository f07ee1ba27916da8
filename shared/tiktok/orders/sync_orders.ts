/**
 * Finds a shop's orders at TikTok, and the returns that were paid back, page by page, and stores an event for each
 * that is new. Stored pages stay stored when it is interrupted.
 */
import * as z from "zod/mini";
import { callFunction } from "../../database/call_function.ts";
import { unwrap } from "../../database/errors.ts";
import type { EventResult, ShopEvent } from "../../inbox/events.ts";
import { errorText, log } from "../../log.ts";
import { searchOrders } from "../api/orders.ts";
import type { FoundOrder } from "../api/schemas.ts";
import { TikTokError } from "../api/errors.ts";
import { correctCipher } from "../connections/correct_cipher.ts";
import { ShopConnection } from "../connections/shop_connection.ts";
import type { TikTokDependencies } from "../dependencies.ts";
import { type ReadPage, searchPages } from "./search_pages.ts";
import type { ShopSync, SyncWindow } from "./shop_sync.ts";
import { syncReturns } from "./sync_returns.ts";

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

const Marks = z.object({
  /** When the seller connected the shop for the first time. */
  created_at: z.string(),
  orders_synced_until: z.nullable(z.string()),
  returns_synced_until: z.nullable(z.string()),
});

const Stored = z.object({ outcome: z.string(), enqueued: z.int(), missed: z.int() });

/**
 * Handles a SYNC_ORDERS event: from the end of the shop's last sync, at first 30 days before it was connected, until
 * now.
 * @throws {TikTokError} if TikTok does not name the orders
 */
export async function syncShopOrders(
  dependencies: TikTokDependencies,
  event: ShopEvent,
  { budgetMs = 30_000, now = Date.now }: OrderSyncOptions = {},
): Promise<EventResult> {
  const startedAt = now();
  // Includes the present second: the window ends before `to`.
  const to = Math.floor(startedAt / 1000) + 1;
  const { id, shop_id } = event.shop;
  const marks = Marks.parse(unwrap<unknown>(
    "marks of the sync",
    await dependencies.database.from("tiktok_shops")
      .select("created_at, orders_synced_until, returns_synced_until").eq("id", id).single(),
  ));
  const windowOf = (mark: string | null): SyncWindow => {
    const begin = Math.floor(Date.parse(mark ?? marks.created_at) / 1000);
    return { from: begin - (mark === null ? FIRST_SYNC_SECONDS : OVERLAP_SECONDS), to };
  };
  const sync: ShopSync = {
    ...{ dependencies, event, connection: new ShopConnection(dependencies, event.shop) },
    hasTime: () => now() - startedAt < budgetMs,
  };
  const orders = await storeOrders(sync, windowOf(marks.orders_synced_until)).catch(
    async (error) => {
      // This event is tried again with what was corrected.
      if (error instanceof TikTokError) await correctCipher(dependencies, event.shop, error);
      throw error;
    },
  );
  const { found, enqueued, missed } = orders;
  const level = missed > 0 ? "warn" : "info";
  const complete = orders.next === "returns";
  log.at(level, "orders synced", { shop_id, found, enqueued, missed, complete });
  if (orders.outcome !== "stored") {
    return { outcome: orders.outcome, more: enqueued > 0 || !complete };
  }
  const returns = await syncReturns(sync, windowOf(marks.returns_synced_until));
  return { outcome: returns.outcome, more: enqueued > 0 || returns.more };
}

async function storeOrders(
  { dependencies: { database, tiktok }, event, connection, hasTime }: ShopSync,
  { from, to }: SyncWindow,
) {
  const sums = { found: 0, enqueued: 0, missed: 0 };
  const pages = searchPages(
    { from, to },
    (window) =>
      connection.call((access) => searchOrders(tiktok, access, { ...window, pageSize: PAGE_SIZE })),
  );
  for await (const page of pages) {
    // A successor begins at `until`: one that did not move would read the same page.
    const isInTime = hasTime() || page.until <= from;
    const next = page.isLast ? "returns" : isInTime ? "page" : "later";
    const args = {
      p_event_id: event.event_id,
      p_tiktok_shop_id: event.shop.id,
      p_orders: namedOrders(page, event.shop.shop_id),
      p_synced_until: new Date(page.until * 1000).toISOString(),
      p_next: next,
    };
    const stored = await callFunction(database, "store_order_page", args, Stored);
    sums.found += page.found.length + page.unreadable.length;
    sums.enqueued += stored.enqueued;
    sums.missed += stored.missed;
    if (next !== "page" || stored.outcome !== "stored") {
      return { ...sums, next, outcome: stored.outcome };
    }
  }
  throw new Error("a search has a last page");
}

/** The orders of a page. One that cannot be read is tried alone, with its own error. */
function namedOrders({ found, unreadable }: ReadPage<FoundOrder>, shop_id: string) {
  const odd = unreadable.flatMap(({ id, error }) => {
    log.error("order of a search is not readable", {
      ...{ shop_id, tiktok_order_id: id },
      error: errorText(error),
    });
    return id === null ? [] : [{ order_id: id, update_time: null }];
  });
  return [...found.map(({ id, update_time }) => ({ order_id: id, update_time })), ...odd];
}
