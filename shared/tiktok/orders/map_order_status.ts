/** Maps TikTok's order states to `orders`. The table is also in docs/orders.md. */

/** `orders.order_status` */
export type OrderStatus =
  | "received"
  | "on_hold"
  | "awaiting_shipment"
  | "partially_shipped"
  | "awaiting_collection"
  | "in_transit"
  | "delivered"
  | "completed"
  | "cancelled";

/** `orders.payment_status` */
export type PaymentStatus = "pending" | "paid" | "refunded" | "cancelled";

/** Webhooks say CANCEL where the Order API says CANCELLED. */
const ORDER_STATUS: ReadonlyMap<string, OrderStatus> = new Map(Object.entries({
  UNPAID: "received",
  ON_HOLD: "on_hold",
  AWAITING_SHIPMENT: "awaiting_shipment",
  PARTIALLY_SHIPPING: "partially_shipped",
  AWAITING_COLLECTION: "awaiting_collection",
  IN_TRANSIT: "in_transit",
  DELIVERED: "delivered",
  COMPLETED: "completed",
  CANCELLED: "cancelled",
  CANCEL: "cancelled",
}));

/** `null` for an unknown state: the stored one is kept. */
export function mapOrderStatus(tiktokStatus: string): OrderStatus | null {
  return ORDER_STATUS.get(tiktokStatus) ?? null;
}

/** Input of `mapPaymentStatus` other than the status. */
export interface PaymentFacts {
  /** Whether the order has a time of payment. */
  paid: boolean;
  /** Cash on delivery: paid when delivered. */
  cashOnDelivery: boolean;
}

/** `null` where the state does not say: the stored one is kept. */
export function mapPaymentStatus(
  status: OrderStatus | null,
  { paid, cashOnDelivery }: PaymentFacts,
): PaymentStatus | null {
  switch (status) {
    case null:
      return paid ? "paid" : null;
    case "received":
    case "on_hold":
      // TikTok's OpenAPI of ON_HOLD: a pre-order is paid a day before its release.
      return paid ? "paid" : "pending";
    case "cancelled":
      // TikTok refunds the buyer with the cancellation.
      return paid ? "refunded" : "cancelled";
    case "delivered":
    case "completed":
      return "paid";
    case "awaiting_shipment":
    case "partially_shipped":
    case "awaiting_collection":
    case "in_transit":
      return cashOnDelivery && !paid ? "pending" : "paid";
  }
}
