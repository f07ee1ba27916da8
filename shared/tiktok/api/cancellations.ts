/** TikTok's Return and Refund API (202309), as far as we call it. */
import * as z from "zod/mini";
import {
  OptionalText,
  optionalValue,
  UnixSeconds,
  VendorId,
  withFallback,
} from "../../values/schemas.ts";
import type { ShopAccess, TikTokClient } from "./client.ts";
import { AnyList } from "../../values/elements.ts";
import { readElements } from "./elements.ts";

export const CancellationList = z.looseObject({ cancellations: AnyList });

export const Cancellation = z.looseObject({
  order_id: VendorId,
  seller_next_action_response: optionalValue(z.array(z.looseObject({
    action: OptionalText,
    /** "The deadline for when the seller must perform the next action." */
    deadline: withFallback(optionalValue(UnixSeconds), undefined),
  }))),
});

const PATH = "/return_refund/202309/cancellations/search";

/**
 * Search Cancellations: until when the seller may answer the buyers' open requests. Needs the scope of returns
 * and refunds.
 * @param orderIds 1 to 50.
 * @returns Unix seconds by order; without the orders that TikTok states no deadline for.
 * @throws {TikTokError}
 */
export async function getCancellationDeadlines(
  tiktok: TikTokClient,
  access: Required<ShopAccess>,
  orderIds: string[],
): Promise<Map<string, number>> {
  const { cancellations } = await tiktok.call(CancellationList, access, {
    method: "POST",
    path: PATH,
    query: { page_size: "50" },
    body: { order_ids: orderIds, cancel_status: ["CANCELLATION_REQUEST_PENDING"] },
    repeatable: true,
  });
  const { read } = readElements(Cancellation, cancellations, PATH);
  return new Map(
    read.flatMap(({ order_id, seller_next_action_response: actions }) =>
      (actions ?? []).flatMap(({ action, deadline }) =>
        action === "SELLER_RESPOND_CANCEL" && deadline ? [[order_id, deadline] as const] : []
      )
    ),
  );
}
