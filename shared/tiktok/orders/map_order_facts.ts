/** Maps what TikTok says about an order besides its state, items, amounts and address. */
import { isoTimeOrNull } from "../../values/times.ts";
import type { Order } from "../api/schemas.ts";
import { mapOrderStatus } from "./map_order_status.ts";

/** `orders.order_kind`: only a sale brings revenue. */
export type OrderKind = "sale" | "sample" | "replacement" | "exchange";

/** Columns of `orders`; `null` where TikTok says nothing. Times are ISO 8601. */
export interface OrderFacts {
  order_kind: OrderKind;
  /** TikTok's id of the order that this one replaces, or was exchanged for. */
  related_order_id: string | null;
  /** FULFILLMENT_BY_SELLER, FULFILLMENT_BY_TIKTOK or FULFILLMENT_BY_DILAYANI_TOKOPEDIA. */
  fulfillment_type: string | null;
  warehouse_id: string | null;
  /** TikTok's `auto_combine_group_id`: orders of one buyer that are shipped together. */
  combine_group_id: string | null;
  paid_at: string | null;
  ship_by: string | null;
  auto_cancel_at: string | null;
  /** The buyer's request that waits for the seller; `null` without one. */
  cancel_requested_at: string | null;
  /** Until when the seller may answer it. */
  cancel_respond_by: string | null;
  cancel_reason: string | null;
  /** BUYER, SELLER, OPERATOR or SYSTEM. */
  cancelled_by: string | null;
  buyer_note: string | null;
  seller_note: string | null;
}

function kindOf(order: Order): OrderKind {
  if (order.is_sample_order === true) return "sample";
  if (order.is_replacement_order === true) return "replacement";
  if (order.is_exchange_order === true) return "exchange";
  return "sale";
}

/**
 * When TikTok cancels the order if nothing happens: the deadline of the step that comes next. TikTok's OpenAPI
 * (Get Order Detail 202309): `shipping_due_time` until AWAITING_COLLECTION, `collection_due_time` until
 * IN_TRANSIT, `delivery_due_time` until DELIVERED. TikTok's changelog "SLA information now available in orders
 * API" calls `cancel_order_sla_time` deprecated: it counts where the first is absent.
 */
function autoCancelTime(order: Order): number | null {
  switch (mapOrderStatus(order.status)) {
    case "received":
    case "on_hold":
    case "awaiting_shipment":
    case "partially_shipped":
      return order.shipping_due_time ?? order.cancel_order_sla_time ?? null;
    case "awaiting_collection":
      return order.collection_due_time ?? null;
    case "in_transit":
      return order.delivery_due_time ?? null;
    default:
      return null;
  }
}

/**
 * Maps Get Order Detail (202309).
 * @param cancelDeadline Unix seconds, of Search Cancellations.
 */
export function mapOrderFacts(order: Order, cancelDeadline?: number): OrderFacts {
  const cancelled = mapOrderStatus(order.status) === "cancelled";
  return {
    order_kind: kindOf(order),
    related_order_id: order.replaced_order_id ?? order.exchange_source_order_id ?? null,
    fulfillment_type: order.fulfillment_type ?? null,
    warehouse_id: order.warehouse_id ?? null,
    combine_group_id: order.auto_combine_group_id ?? null,
    paid_at: isoTimeOrNull(order.paid_time),
    // Outside some markets TikTok only states when the carrier must have the parcel.
    ship_by: isoTimeOrNull(order.rts_sla_time ?? order.tts_sla_time),
    auto_cancel_at: isoTimeOrNull(autoCancelTime(order)),
    // A request without a time still counts: the order's own time is the latest it can be.
    cancel_requested_at: order.is_buyer_request_cancel === true
      ? isoTimeOrNull(order.request_cancel_time ?? order.update_time ?? order.create_time)
      : null,
    cancel_respond_by: order.is_buyer_request_cancel === true
      ? isoTimeOrNull(cancelDeadline)
      : null,
    cancel_reason: cancelled ? order.cancel_reason ?? null : null,
    cancelled_by: cancelled ? order.cancellation_initiator ?? null : null,
    buyer_note: order.buyer_message ?? null,
    seller_note: order.seller_note ?? null,
  };
}
