/** What TikTok's webhooks say: the bodies as in tests/fixtures/tiktok. */
import type { SimulatedOrder } from "./state.ts";
import { type Notification, notificationId } from "./webhooks.ts";

/** Type 1, of an order's present state. */
export function orderNotification(order: SimulatedOrder, nowMs: number): Notification {
  return {
    type: 1,
    id: notificationId(nowMs),
    shopId: order.shopId,
    data: {
      is_on_hold_order: order.detail.is_on_hold_order === true,
      order_id: order.id,
      // The webhook's word for it; the Order API says CANCELLED.
      order_status: order.detail.status === "CANCELLED" ? "CANCEL" : order.detail.status,
      update_time: order.detail.update_time,
    },
  };
}

/** Type 6. */
export function deauthorizationNotice(shopId: string, nowMs: number): Notification {
  return {
    type: 6,
    id: notificationId(nowMs),
    shopId,
    data: { message: `Shop_id {${shopId}} is deauthorized from your APP by merchant.` },
  };
}

/** Type 7. @param expirationTime Unix seconds; TikTok sends them as a string. */
export function expirationNotice(
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
