/** TikTok's Return and Refund API (202309): what buyers got for their returns. */
import * as z from "zod/mini";
import { AnyList } from "../../values/elements.ts";
import { OptionalText, optionalValue, VendorId } from "../../values/schemas.ts";
import type { ShopAccess, TikTokClient } from "./client.ts";
import { readElements } from "./elements.ts";

export const ReturnList = z.looseObject({ return_orders: AnyList });

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

const PATH = "/return_refund/202309/returns/search";

/**
 * Search Returns. Needs the scope of returns and refunds.
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
