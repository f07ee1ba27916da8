/**
 * Refunds of returns. TikTok's notice of a return names no amount, and REFUND_SUCCESS (67), which
 * does, cannot be subscribed for a shop.
 */
import * as z from "zod/mini";
import type { Json } from "../../database/types.ts";
import { errorText, log } from "../../log.ts";
import { CurrencyCode, withFallback } from "../../values/schemas.ts";
import type { TikTokClient } from "../api/client.ts";
import { isRefusal, TikTokError } from "../api/errors.ts";
import { type FoundReturn, getReturns, type Return } from "../api/returns.ts";
import type { ShopConnection } from "../connections/shop_connection.ts";
import { RefundTotal } from "./order_notices.ts";

/** The facts of an event that its order's timeline keeps. */
export type Notice = Record<string, Json>;

/** The returns by id; or why TikTok did not say, which makes their events wait. */
export type Returns = Map<string, Return> | { error: TikTokError };

/** "The buyer has been refunded", also in place of a replacement. */
const PAID_BACK: readonly unknown[] = [
  "RETURN_OR_REFUND_REQUEST_COMPLETE",
  "REPLACEMENT_REQUEST_REFUND_SUCCESS",
];

/** The return that a notice reports as paid back. */
function paidBackReturn({ return_id, return_status }: Notice): string | undefined {
  return typeof return_id === "string" && PAID_BACK.includes(return_status) ? return_id : undefined;
}

/** Whether TikTok says that the buyer got the return paid back, and how much. */
export function isPaidBack({ return_status, refund_amount }: FoundReturn): boolean {
  return PAID_BACK.includes(return_status) && RefundAmount.safeParse(refund_amount).success;
}

export async function readReturns(
  tiktok: TikTokClient,
  connection: ShopConnection,
  notices: Notice[],
): Promise<Returns> {
  const ids = new Set(notices.flatMap((notice) => paidBackReturn(notice) ?? []));
  if (ids.size === 0) return new Map();
  try {
    return await connection.call((access) => getReturns(tiktok, access, [...ids]));
  } catch (error) {
    if (!(error instanceof TikTokError)) throw error;
    if (!isRefusal(error)) return { error };
    // E.g. a connection that was authorized without the scope.
    log.warn("returns not read", { error: errorText(error) });
    return new Map();
  }
}

const RefundAmount = z.object({
  refund_total: RefundTotal,
  currency: withFallback(z.optional(CurrencyCode), undefined),
});

/** The notice with what the buyer got, if TikTok says so. @throws {TikTokError} if its event has to wait */
export function withRefund(notice: Notice, orderId: string, returns: Returns): Notice {
  const id = paidBackReturn(notice);
  if (id === undefined) return notice;
  if (!(returns instanceof Map)) throw returns.error;
  const found = returns.get(id);
  const amount = RefundAmount.safeParse(found?.refund_amount).data;
  if (amount === undefined || found?.order_id !== orderId) return notice;
  const { refund_total, currency } = amount;
  return {
    ...notice,
    ...{ refund_id: `return/${id}`, refund_total },
    ...(currency !== undefined && { refund_currency: currency }),
  };
}
