/** Finds a shop's orders by asking TikTok, page by page, and puts them into the inbox. */
import * as z from "zod";
import type { DatabaseClient } from "../../database/client.ts";
import { unwrap } from "../../database/result.ts";
import { log } from "../../log.ts";
import type { TikTokClient } from "../api/client.ts";
import type { ShopConnection } from "../connections/shop_connection.ts";

export interface OrderSyncOptions {
  /** After this long the rest is left to a successor. @default {30000} */
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
 * Works a SYNC_ORDERS event: from where the shop's last sync ended, at first 30 days ago, until now. What
 * was stored stays stored when it is interrupted.
 * @returns The outcome that settled the event.
 * @throws {TikTokError}
 */
export async function syncOrders(
  { database, tiktok }: { database: DatabaseClient; tiktok: TikTokClient },
  event: { event_id: number; shop: { id: string; shop_id: string } },
  connection: ShopConnection,
  { budgetMs = 30_000, now = Date.now }: OrderSyncOptions = {},
): Promise<{ outcome: string; more: boolean }> {
  const startedAt = now();
  // The present second included: the window ends before `to`.
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
  let pageToken: string | undefined;
  while (true) {
    const page = await connection.call((access) =>
      tiktok.searchOrders(access, { from, to, pageSize: PAGE_SIZE, pageToken })
    );
    pageToken = page.next_page_token || undefined;
    const last = page.orders.at(-1)?.update_time;
    // In ascending order: what is behind the last one of a page has not been seen yet.
    const until = pageToken !== undefined && last !== undefined ? Math.min(last, to) : to;
    const next = pageToken === undefined ? "end" : now() - startedAt < budgetMs ? "page" : "later";
    const result = await database.rpc("store_order_page", {
      p_event_id: event.event_id,
      p_tiktok_shop_id: id,
      p_orders: page.orders.map((order) => ({
        order_id: order.id,
        update_time: order.update_time,
      })),
      p_synced_until: new Date(until * 1000).toISOString(),
      p_next: next,
    });
    const stored = Stored.parse(unwrap("store_order_page", result));
    found += page.orders.length;
    enqueued += stored.enqueued;
    missed += stored.missed;
    if (stored.outcome === "stored") continue;
    const level = missed > 0 ? "warn" : "info";
    log[level]("orders synced", { shop_id, found, enqueued, missed, complete: next === "end" });
    return { outcome: stored.outcome, more: enqueued > 0 || next === "later" };
  }
}

/**
 * Asks the event worker to sync a shop's orders, or those of every connected shop.
 * @param shopId TikTok's.
 * @returns Number of shops; those that wait for it already are not counted.
 * @throws {DatabaseError} `PT404` if the shop is not connected
 */
export async function requestOrderSync(
  database: DatabaseClient,
  shopId?: string,
): Promise<number> {
  const result = await database.rpc(
    "request_order_sync",
    shopId === undefined ? {} : { p_shop_id: shopId },
  );
  return z.object({ requested: z.int() }).parse(unwrap("request_order_sync", result)).requested;
}
