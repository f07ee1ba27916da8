/** Checks that the calls of the Fulfillment API share. */
import { refusals } from "./envelope.ts";
import { shippingRefusals } from "./fulfillment_refusals.ts";
import type { Orders } from "./combined_orders.ts";
import { isCancelled, linesOf, liveLinesOf, ordersIn } from "./packages.ts";
import type { SimulatedOrder, SimulatedPackage, SimulatedShop, SimulatorState } from "./state.ts";

/** @throws {TikTokRefusal} */
export function orderOf(state: SimulatorState, shop: SimulatedShop, id: string): SimulatedOrder {
  const order = state.get("orders", id);
  if (order?.shopId !== shop.id) throw shippingRefusals.notSellersOrder();
  return order;
}

/** @throws {TikTokRefusal} */
export function packageOf(
  state: SimulatorState,
  shop: SimulatedShop,
  id: string,
): { found: SimulatedPackage; orders: Orders } {
  const found = state.get("packages", id);
  if (found?.shopId !== shop.id) throw shippingRefusals.notShopsPackage();
  const [first = "", ...others] = ordersIn(found);
  const order = (orderId: string) => orderOf(state, shop, orderId);
  return { found, orders: [order(first), ...others.map(order)] };
}

/**
 * `order_line_item_ids`, by default all lines of the order that are not cancelled.
 * @throws {TikTokRefusal}
 */
export function lineItemsOf(body: Record<string, unknown>, order: SimulatedOrder): string[] {
  const all = linesOf(order).map(({ id }) => id);
  const named = body.order_line_item_ids;
  if (named === undefined) return liveLinesOf(order).map(({ id }) => id);
  const isGood = Array.isArray(named) && named.length > 0 &&
    named.every((id) => all.includes(id)) && new Set(named).size === named.length;
  if (!isGood) throw refusals.invalid("body.order_line_item_ids");
  if (linesOf(order).some((line) => named.includes(line.id) && isCancelled(line))) {
    throw shippingRefusals.unitCancelled();
  }
  return named;
}

const BY_PLATFORM = ["FULFILLMENT_BY_TIKTOK", "FULFILLMENT_BY_DILAYANI_TOKOPEDIA"];

/**
 * @param alreadyShipped The call's own refusal of a shipped order.
 * @throws {TikTokRefusal} if the seller may not ship the order, or more of it.
 */
export function checkShippable(
  order: SimulatedOrder,
  alreadyShipped = shippingRefusals.alreadyShipped,
): void {
  const { status, fulfillment_type } = order.detail;
  if (BY_PLATFORM.includes(fulfillment_type as string)) throw shippingRefusals.fulfilledByTikTok();
  if (status === "UNPAID" || status === "ON_HOLD") throw shippingRefusals.onHold();
  if (status === "CANCELLED") throw shippingRefusals.cancelled();
  if (["IN_TRANSIT", "DELIVERED", "COMPLETED"].includes(status)) {
    throw alreadyShipped();
  }
}

/**
 * Outside the US, a buyer's request to cancel must be answered before shipping.
 * @throws {TikTokRefusal}
 */
export function checkCancellation(shop: SimulatedShop, order: SimulatedOrder): void {
  if (shop.region !== "US" && order.detail.is_buyer_request_cancel === true) {
    throw shippingRefusals.afterSale();
  }
}
