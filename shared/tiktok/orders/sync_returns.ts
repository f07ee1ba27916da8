/** Finds returns that were paid back, and whose notice was lost. */
import * as z from "zod/mini";
import { callFunction } from "../../database/call_function.ts";
import { errorText, log } from "../../log.ts";
import { isRefusal, TikTokError } from "../api/errors.ts";
import { type FoundReturn, searchReturns } from "../api/returns.ts";
import { noticeOf } from "./order_notices.ts";
import { isPaidBack } from "./return_refunds.ts";
import { searchPages } from "./search_pages.ts";
import type { ShopSync, SyncWindow } from "./shop_sync.ts";

const Stored = z.object({ outcome: z.string(), enqueued: z.int() });

/** One element of the argument `p_returns` of SQL `store_return_page`. */
interface PaidBackReturn {
  return_id: string;
  order_id: string;
  update_time: number;
  /** As the one of topic 12. */
  notice: Record<string, unknown>;
}

/**
 * The second part of a sync, which settles its event. What TikTok does not name now is left to the next sync:
 * orders do not wait for returns.
 */
export async function syncReturns(
  sync: ShopSync,
  { from, to }: SyncWindow,
): Promise<{ outcome: string; more: boolean }> {
  const { dependencies: { tiktok }, event: { shop: { shop_id } }, connection, hasTime } = sync;
  let found = 0;
  let enqueued = 0;
  const pages = searchPages(
    { from, to },
    (window) => connection.call((access) => searchReturns(tiktok, access, window)),
  );
  try {
    for await (const page of pages) {
      for (const { error } of page.unreadable) {
        log.error("return of a search is not readable", { shop_id, error: errorText(error) });
      }
      const paidBack = page.found.flatMap((one) => toPaidBack(one) ?? []);
      // A successor begins at `until`: one that did not move would read the same page.
      const isInTime = hasTime() || page.until <= from;
      const next = page.isLast ? "end" : isInTime ? "page" : "later";
      const stored = await storePage(sync, paidBack, page.until, next);
      found += paidBack.length;
      enqueued += stored.enqueued;
      if (next === "page" && stored.outcome === "stored") continue;
      log.info("returns synced", { shop_id, found, enqueued, complete: page.isLast });
      return { outcome: stored.outcome, more: enqueued > 0 || next === "later" };
    }
  } catch (error) {
    if (!(error instanceof TikTokError)) throw error;
    // A connection that was authorized without the scope is refused each time.
    const level = isRefusal(error) ? "info" : "warn";
    log.at(level, "returns not searched", { shop_id, error: errorText(error) });
  }
  const { outcome } = await storePage(sync, [], from, "end");
  return { outcome, more: enqueued > 0 };
}

/** `until`: unix seconds; an earlier time than the mark leaves it where it is. */
async function storePage(
  { dependencies: { database }, event }: ShopSync,
  returns: PaidBackReturn[],
  until: number,
  next: "page" | "later" | "end",
) {
  const args = {
    p_event_id: event.event_id,
    p_tiktok_shop_id: event.shop.id,
    p_returns: returns,
    p_synced_until: new Date(until * 1000).toISOString(),
    p_next: next,
  };
  return await callFunction(database, "store_return_page", args, Stored);
}

function toPaidBack(found: FoundReturn): PaidBackReturn | undefined {
  if (!isPaidBack(found)) return undefined;
  const { return_id, order_id, update_time, return_type, return_status, role } = found;
  const fields = { return_id, return_type, return_status, return_role: role };
  const notice = noticeOf("RETURN_STATUS_CHANGE", fields);
  return { return_id, order_id, update_time, notice };
}
