/** TikTok's webhook notifications: bodies as in tests/fixtures/tiktok. */
import type { FoundReturn } from "./returns.ts";
import type { SimulatedOrder } from "./state.ts";

export interface Notification {
  type: number;
  /** The same in every delivery. */
  id: string;
  shopId: string;
  data: Record<string, unknown>;
}

/** The upper half of TikTok's ids is the second of the event. */
function notificationId(nowMs: number): string {
  const [low = 0] = crypto.getRandomValues(new Uint32Array(1));
  return ((BigInt(Math.floor(nowMs / 1000)) << 32n) | BigInt(low)).toString();
}

/** Type 1, ORDER_STATUS_CHANGE, with the order's present state. */
export function orderNotification(order: SimulatedOrder, nowMs: number): Notification {
  return {
    type: 1,
    id: notificationId(nowMs),
    shopId: order.shopId,
    data: {
      is_on_hold_order: order.detail.is_on_hold_order === true,
      order_id: order.id,
      // The webhook says CANCEL, the Order API CANCELLED.
      order_status: order.detail.status === "CANCELLED" ? "CANCEL" : order.detail.status,
      update_time: order.detail.update_time,
    },
  };
}

/** Type 3, RECIPIENT_ADDRESS_UPDATE: the address itself is in the order. */
export function addressNotification(order: SimulatedOrder, nowMs: number): Notification {
  return {
    type: 3,
    id: notificationId(nowMs),
    shopId: order.shopId,
    data: { order_id: order.id, update_time: order.detail.update_time },
  };
}

/** Type 12, RETURN_STATUS_CHANGE, with the return's present state. It names no amount. */
export function returnNotification({ order, found }: FoundReturn, nowMs: number): Notification {
  return {
    type: 12,
    id: notificationId(nowMs),
    shopId: order.shopId,
    data: {
      order_id: order.id,
      return_id: found.id,
      return_role: "BUYER",
      return_type: found.type,
      return_status: found.status,
      create_time: found.createTime,
      update_time: found.updateTime,
    },
  };
}

/** Type 6, SELLER_DEAUTHORIZATION. */
export function deauthorizationNotification(shopId: string, nowMs: number): Notification {
  return {
    type: 6,
    id: notificationId(nowMs),
    shopId,
    data: { message: `Shop_id {${shopId}} is deauthorized from your APP by merchant.` },
  };
}

/**
 * Type 7, UPCOMING_AUTHORIZATION_EXPIRATION.
 * @param expirationTime Unix seconds; TikTok sends them as a string.
 */
export function expirationNotification(
  shopId: string,
  expirationTime: number,
  nowMs: number,
): Notification {
  const days = Math.ceil((expirationTime - nowMs / 1000) / 86_400);
  return {
    type: 7,
    id: notificationId(nowMs),
    shopId,
    data: {
      message: `Authorization of shop_id {${shopId}} is expiring in {${days}} days. ` +
        "Please direct the merchant to re-authorize.",
      expiration_time: String(expirationTime),
    },
  };
}
