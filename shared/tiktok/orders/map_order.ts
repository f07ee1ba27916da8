/** Maps Get Order Detail to the argument of SQL `ingest_order`. */
import { exactCents } from "../../values/money.ts";
import { isoTimeOrNull } from "../../values/times.ts";
import { type AddressStatus, mapAddress, type MappedAddress } from "./map_address.ts";
import { type Amounts, mapAmounts } from "./map_amounts.ts";
import { type CancelledUnits, mapCancelledUnits } from "./map_cancelled_units.ts";
import { mapOrderFacts, type OrderFacts } from "./map_order_facts.ts";
import { mapOrderItems, type OrderItem } from "./map_order_items.ts";
import {
  mapOrderStatus,
  mapPaymentStatus,
  type OrderStatus,
  type PaymentStatus,
} from "./map_order_status.ts";
import type { Order } from "../api/schemas.ts";
import { LoggableError } from "../../loggable_error.ts";

/**
 * The columns of `orders` that come from TikTok. What `null` means for a stored order is in docs/orders.md; a
 * new order gets the column's default or is refused.
 */
export interface OrderRow extends OrderFacts, CancelledUnits {
  tiktok_order_id: string;
  tiktok_status: string;
  order_status: OrderStatus | null;
  payment_status: PaymentStatus | null;
  /** ISO 4217. */
  currency: string | null;
  /** Exact decimals in major units. */
  total_amount: string | null;
  shipping_cost: string | null;
  shipping_type: string | null;
  customer_email: string | null;
  shipping_address: MappedAddress["address"];
  address_status: AddressStatus;
  order_items: OrderItem[];
  amounts: Amounts;
  /** ISO 8601. */
  tiktok_created_at: string | null;
  tiktok_updated_at: string;
}

/** The order cannot be stored without inventing or losing something. */
export class OrderMappingError extends LoggableError {
  override name = "OrderMappingError";
}

/** The column holds two decimals: a third one is refused instead of rounded. */
function exactAmount(field: string, amount: string | null | undefined): string | null {
  if (!amount) return null;
  const exact = exactCents(amount);
  if (exact === undefined) throw new OrderMappingError(`${field} has more than two decimals`);
  return exact;
}

/**
 * @param cancelDeadline Until when the seller may answer the buyer's cancellation request, in unix seconds.
 * @throws {OrderMappingError}
 */
export function mapOrder(order: Order, cancelDeadline?: number): OrderRow {
  const updatedAt = isoTimeOrNull(order.update_time) ?? isoTimeOrNull(order.create_time);
  if (updatedAt === null) {
    throw new OrderMappingError("The order has neither update_time nor create_time");
  }
  const orderStatus = mapOrderStatus(order.status);
  const { status: addressStatus, address } = mapAddress(order.recipient_address);
  return {
    ...mapOrderFacts(order, cancelDeadline),
    tiktok_order_id: order.id,
    tiktok_status: order.status,
    order_status: orderStatus,
    payment_status: mapPaymentStatus(orderStatus, {
      paid: Boolean(order.paid_time),
      cashOnDelivery: order.is_cod === true,
    }),
    currency: order.payment?.currency || order.line_items?.[0]?.currency || null,
    total_amount: exactAmount("total_amount", order.payment?.total_amount),
    shipping_cost: exactAmount("shipping_fee", order.payment?.shipping_fee),
    shipping_type: order.shipping_type || null,
    customer_email: order.buyer_email || null,
    shipping_address: address,
    address_status: addressStatus,
    order_items: mapOrderItems(order.line_items ?? []),
    amounts: mapAmounts(order.payment),
    ...mapCancelledUnits(order),
    tiktok_created_at: isoTimeOrNull(order.create_time),
    tiktok_updated_at: updatedAt,
  };
}
