/** What every call of the fulfilment endpoints is checked for, before it changes anything. */
import { refusals } from "./envelope.ts";
import { shippingRefusals } from "./fulfillment_refusals.ts";
import { linesOf } from "./packages.ts";
import type { SimulatedPackage } from "./package_types.ts";
import type { SimulatedOrder, SimulatedShop, SimulatorState } from "./state.ts";

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
): { found: SimulatedPackage; order: SimulatedOrder } {
  const found = state.get("packages", id);
  if (found?.shopId !== shop.id) throw shippingRefusals.notShopsPackage();
  return { found, order: orderOf(state, shop, found.orderId) };
}

/** A field of a body that must be a text. @throws {TikTokRefusal} */
export function requiredText(body: Record<string, unknown>, name: string, path = "body"): string {
  const text = optionalText(body, name, path);
  if (text === undefined) throw refusals.missing(`${path}.${name}`);
  return text;
}

/** @throws {TikTokRefusal} */
export function optionalText(
  body: Record<string, unknown>,
  name: string,
  path = "body",
): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw refusals.invalid(`${path}.${name}`);
  return value;
}

/** Ids of lines of the order; all of them where none are named. @throws {TikTokRefusal} */
export function lineItemsOf(body: Record<string, unknown>, order: SimulatedOrder): string[] {
  const all = linesOf(order).map(({ id }) => id);
  const named = body.order_line_item_ids;
  if (named === undefined) return all;
  const isGood = Array.isArray(named) && named.length > 0 &&
    named.every((id) => all.includes(id)) && new Set(named).size === named.length;
  if (!isGood) throw refusals.invalid("body.order_line_item_ids");
  return named;
}

/** Whether the seller may ship the order, or more of it. @throws {TikTokRefusal} */
export function checkShippable(order: SimulatedOrder): void {
  const { status, fulfillment_type } = order.detail;
  if (status === "UNPAID" || status === "ON_HOLD") throw shippingRefusals.onHold();
  if (status === "CANCELLED") throw shippingRefusals.cancelled();
  if (["IN_TRANSIT", "DELIVERED", "COMPLETED"].includes(status)) {
    throw shippingRefusals.alreadyShipped();
  }
  if (fulfillment_type === "FULFILLMENT_BY_TIKTOK") throw shippingRefusals.fulfilledByTikTok();
}

/** Whether a buyer who wants to cancel is in the way: in the US shipping refuses them. @throws {TikTokRefusal} */
export function checkCancellation(shop: SimulatedShop, order: SimulatedOrder): void {
  if (shop.region !== "US" && order.detail.is_buyer_request_cancel === true) {
    throw shippingRefusals.afterSale();
  }
}
