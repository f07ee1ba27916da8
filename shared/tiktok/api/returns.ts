/** TikTok's Return and Refund API (202309): what buyers got for their returns. */
import * as z from "zod/mini";
import { AnyList } from "../../values/elements.ts";
import {
  OptionalText,
  optionalValue,
  UnixSeconds,
  VendorId,
  withFallback,
} from "../../values/schemas.ts";
import type { ShopAccess, TikTokClient } from "./client.ts";
import { readElements } from "./elements.ts";
import type { SearchPage, SearchWindow } from "./search.ts";

export const ReturnList = z.looseObject({
  return_orders: AnyList,
  /** Absent on the last page. */
  next_page_token: optionalValue(z.string()),
  /** Of all pages of the window. */
  total_count: withFallback(z.nullish(z.int()), null),
});

export const Return = z.looseObject({
  return_id: VendorId,
  order_id: VendorId,
  /** "Total refund amount to buyer." */
  refund_amount: optionalValue(z.looseObject({
    currency: OptionalText,
    refund_total: OptionalText,
  })),
});
export type Return = z.infer<typeof Return>;

/** A return that a search found. */
export const FoundReturn = z.extend(Return, {
  return_type: OptionalText,
  return_status: OptionalText,
  /** Role that requested it: BUYER, SELLER, OPERATOR, SYSTEM. */
  role: OptionalText,
  update_time: UnixSeconds,
});
export type FoundReturn = z.infer<typeof FoundReturn> & { id: string };

const PATH = "/return_refund/202309/returns/search";

/**
 * Search Returns by their ids. Needs the scope of returns and refunds.
 * @param returnIds 1 to 50.
 * @returns Those that TikTok shows and that can be read, by return.
 * @throws {TikTokError}
 */
export async function getReturns(
  tiktok: TikTokClient,
  access: Required<ShopAccess>,
  returnIds: string[],
): Promise<Map<string, Return>> {
  const { return_orders } = await tiktok.call(ReturnList, access, {
    method: "POST",
    path: PATH,
    query: { page_size: "50" },
    body: { return_ids: returnIds },
    repeatable: true,
  });
  const { read } = readElements(Return, return_orders, PATH);
  return new Map(read.map((found) => [found.return_id, found]));
}

/** Search Returns by the time of their last change, 50 a page. @throws {TikTokError} */
export async function searchReturns(
  tiktok: TikTokClient,
  access: Required<ShopAccess>,
  { from, to, pageToken }: SearchWindow,
): Promise<SearchPage<FoundReturn>> {
  const { return_orders, next_page_token, total_count } = await tiktok.call(ReturnList, access, {
    method: "POST",
    path: PATH,
    query: {
      ...{ page_size: "50", sort_field: "update_time", sort_order: "ASC" },
      ...(pageToken && { page_token: pageToken }),
    },
    body: { update_time_ge: from, update_time_lt: to },
    repeatable: true,
  });
  const { read, unreadable } = readElements(FoundReturn, return_orders, PATH);
  return {
    found: read.map((found) => ({ ...found, id: found.return_id })),
    unreadable,
    nextPageToken: next_page_token ?? undefined,
    total: total_count ?? null,
  };
}
