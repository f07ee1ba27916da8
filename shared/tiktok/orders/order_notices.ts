/** The orders that a TikTok event names, and the entries that it adds to their timelines. */
import * as z from "zod/mini";
import type { Json } from "../../database/types.ts";
import { sha256Hex } from "../../crypto/digests.ts";
import { elementsOf } from "../../values/elements.ts";
import { CurrencyCode, TikTokId, withFallback } from "../../values/schemas.ts";

/** An order that an event names, with its timeline entry. */
export interface NamedOrder {
  order_id: string;
  notice: Record<string, Json>;
}

/** By topic: the fields that the timeline keeps. All of them are TikTok's ids and codes. */
const NOTICE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  REVERSE_STATUS_UPDATE: ["reverse_order_id", "reverse_event_type", "reverse_type"],
  CANCELLATION_STATUS_CHANGE: ["cancel_id", "cancel_status", "cancellations_role"],
  RETURN_STATUS_CHANGE: ["return_id", "return_type", "return_status", "return_role"],
};

const MAX_LENGTH = 100;

/** The timeline entry of the order that an event names. */
export function noticeOf(topic: string, data: Record<string, unknown>): Record<string, Json> {
  const kept = (NOTICE_FIELDS[topic] ?? []).map((name) => [name, data[name]] as const)
    .filter(([, value]) =>
      typeof value === "number" ||
      typeof value === "string" && value !== "" && value.length <= MAX_LENGTH
    );
  return Object.fromEntries(kept) as Record<string, Json>;
}

/** An odd element is left out: the sync finds what it named. */
const Packages = z.object({
  package_list: elementsOf(
    z.object({ order_id_list: elementsOf(TikTokId, "orders of a package") }),
    "packages of a webhook",
  ),
});

const OptionalId = withFallback(
  z.optional(
    z.pipe(
      z.union([z.string(), z.pipe(z.int(), z.transform(String))]),
      z.string().check(z.minLength(1), z.maxLength(40)),
    ),
  ),
  undefined,
);

const LineItem = z.object({
  main_order_id: TikTokId,
  return_line_item_id: OptionalId,
  sub_return_line_item_id: OptionalId,
  sku_return_request_id: OptionalId,
});

/** Documented as a string; "0" is not a refund. */
export const RefundTotal = z.pipe(
  z.union([z.string(), z.pipe(z.number(), z.transform(String))]),
  z.transform((text) => text.trim()),
).check(z.refine((text) => /^\d{1,12}(\.\d{1,2}0*)?$/.test(text) && Number(text) > 0));

const Refund = z.object({
  aftersales_request_id: OptionalId,
  rma_id: OptionalId,
  line_items: elementsOf(LineItem, "line items of a refund"),
  refund_total: withFallback(z.optional(RefundTotal), undefined),
  refund_currency: withFallback(z.optional(CurrencyCode), undefined),
});

/**
 * Equal for every notice of one refund. A request has several RMAs, and an RMA may be paid back in parts: the
 * units are part of it. `undefined` if TikTok names none of the ids.
 */
function refundId(refund: z.infer<typeof Refund>): string | undefined {
  const { aftersales_request_id, rma_id, line_items } = refund;
  if (aftersales_request_id === undefined && rma_id === undefined) return undefined;
  const units = line_items.map((item) =>
    item.sub_return_line_item_id ?? item.return_line_item_id ?? item.sku_return_request_id ?? ""
  );
  const digest = sha256Hex(units.sort().join()).slice(0, 12);
  return `${aftersales_request_id ?? ""}/${rma_id ?? ""}/${digest}`;
}

/**
 * The orders of an event that names several, or none: after-sales requests name only themselves.
 * Topics: PACKAGE_UPDATE, REFUND_SUCCESS, AFTERSALES_REQUEST_STATUS_UPDATE, RMA_STATUS_UPDATE.
 */
export function namedOrders(topic: string, data: Record<string, unknown>): NamedOrder[] {
  if (topic === "PACKAGE_UPDATE") {
    const { data: body } = Packages.safeParse(data);
    const ids = body?.package_list.flatMap((entry) => entry.order_id_list) ?? [];
    return [...new Set(ids)].map((order_id) => ({ order_id, notice: {} }));
  }
  if (topic === "REFUND_SUCCESS") {
    const { data: body } = Refund.safeParse(data);
    const ids = [...new Set(body?.line_items.map((item) => item.main_order_id))];
    // The total of several orders cannot be split.
    const total = ids.length === 1 ? body?.refund_total : undefined;
    const currency = body?.refund_currency;
    const id = body && refundId(body);
    return ids.map((order_id) => ({
      order_id,
      notice: {
        refund: "success",
        ...(id !== undefined && { refund_id: id }),
        ...(total !== undefined && { refund_total: total }),
        ...(total !== undefined && currency && { refund_currency: currency }),
      },
    }));
  }
  return [];
}
