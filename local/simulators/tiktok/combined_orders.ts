/** Orders that TikTok combines: in the US by a group, elsewhere by one package. */
import { NO_GROUP } from "./orders.ts";
import { ordersIn } from "./packages.ts";
import type { SimulatedOrder, SimulatedPackage, SimulatorState } from "./state.ts";

/** One order, or the combined orders of one package. */
export type Orders = readonly [SimulatedOrder, ...SimulatedOrder[]];

/** Statuses of orders that are still in their group. */
const WAITING = ["UNPAID", "ON_HOLD", "AWAITING_SHIPMENT"];

/** Whether TikTok may still combine an order in this status with others. */
export function isWaiting(status: string | undefined): boolean {
  return status !== undefined && WAITING.includes(status);
}

export function packagesOf(state: SimulatorState, { detail }: SimulatedOrder): SimulatedPackage[] {
  const named = (detail.packages ?? []) as { id: string }[];
  return named.flatMap(({ id }) => state.get("packages", id) ?? []);
}

/** The orders of a package as they are now. */
export function ordersOf(state: SimulatorState, found: SimulatedPackage): Orders {
  return ordersIn(found).flatMap((id) => state.get("orders", id) ?? []) as unknown as Orders;
}

/** The other orders of its group, whatever their status. */
export function othersOfGroup(state: SimulatorState, order: SimulatedOrder): SimulatedOrder[] {
  const { auto_combine_group_id: group } = order.detail;
  if (!group || group === NO_GROUP) return [];
  return state.all("orders").filter(({ id, shopId, detail }) =>
    id !== order.id && shopId === order.shopId && detail.auto_combine_group_id === group
  );
}

/** The orders that have to be shipped with this one, itself first; cancelled and shipped ones have left. */
export function groupOf(state: SimulatorState, order: SimulatedOrder): Orders {
  const waiting = packagesOf(state, order).find(({ status }) => status === "TO_FULFILL");
  const packed = waiting === undefined ? [] : [...ordersOf(state, waiting)];
  const grouped = othersOfGroup(state, order).filter(({ detail }) =>
    WAITING.includes(detail.status)
  );
  return [order, ...[...packed, ...grouped].filter(({ id }) => id !== order.id)];
}

/** A combined package stays when one of its orders is cancelled. */
export function hasOtherOrders(
  state: SimulatorState,
  found: SimulatedPackage,
  order: SimulatedOrder,
): boolean {
  return ordersOf(state, found).some(({ id, detail }) =>
    id !== order.id && detail.status !== "CANCELLED"
  );
}
