/** The packages of orders in the simulator's state: whatever changes a package changes its orders too. */
import { hasOtherOrders, type Orders, packagesOf } from "./combined_orders.ts";
import { advanceOrder } from "./orders.ts";
import {
  hasPackageFromPayment,
  linesOf,
  liveLinesOf,
  makePackage,
  movePackage,
  ordersIn,
  orderStatus,
  PACKAGE_STATUS,
  packageFields,
  withoutCancelledUnits,
} from "./packages.ts";
import type { SimulatedOrder, SimulatedPackage, SimulatorState } from "./state.ts";

export class OrderPackages {
  readonly #state: SimulatorState;
  readonly #seconds: () => number;

  /** @param seconds The present time in Unix seconds. */
  constructor(state: SimulatorState, seconds: () => number) {
    this.#state = state;
    this.#seconds = seconds;
  }

  /** Creates or moves the packages of a new or changed order. Returns the order with their fields. */
  update(order: SimulatedOrder): SimulatedOrder {
    const status = PACKAGE_STATUS[order.detail.status];
    let packages = packagesOf(this.#state, order);
    if (packages.length === 0) packages = this.#firstPackages(order);
    else {
      packages = packages.map((found) => withoutCancelledUnits(found, order)).map((found) =>
        status === undefined || status === "CANCELLED" && hasOtherOrders(this.#state, found, order)
          ? found
          : movePackage(found, status, this.#seconds())
      );
    }
    for (const found of packages) this.#state.put("packages", found.id, found);
    if (packages.length === 0) return order;
    return { ...order, detail: { ...order.detail, ...packageFields(order, packages) } };
  }

  #firstPackages(order: SimulatedOrder): SimulatedPackage[] {
    const shop = this.#state.get("shops", order.shopId);
    const isDue = shop !== undefined && hasPackageFromPayment(shop) &&
      order.detail.status === "AWAITING_SHIPMENT";
    const lineItemIds = liveLinesOf(order).map(({ id }) => id);
    return isDue ? [makePackage([order], lineItemIds, this.#seconds())] : [];
  }

  /** Outside the US: one waiting package for several orders, in the place of their own ones. */
  combine(orders: Orders): void {
    const lineItemIds = orders.flatMap((order) => liveLinesOf(order).map(({ id }) => id));
    const combined = makePackage(orders, lineItemIds, this.#seconds());
    this.#state.put("packages", combined.id, combined);
    for (const order of orders) {
      const detail = { ...order.detail, ...packageFields(order, [combined]) };
      this.#state.put("orders", order.id, { ...order, detail });
    }
  }

  /** The waiting package if it has exactly these lines; otherwise a new one that takes them over. */
  packageFor(orders: Orders, lineItemIds: string[]): SimulatedPackage {
    const waiting = packagesOf(this.#state, orders[0]).find((found) =>
      found.status === "TO_FULFILL" && found.lineItemIds.some((id) => lineItemIds.includes(id))
    );
    // A combined package is shipped as a whole.
    if (waiting !== undefined && ordersIn(waiting).length > 1) return waiting;
    const rest = waiting?.lineItemIds.filter((id) => !lineItemIds.includes(id)) ?? [];
    if (waiting !== undefined && rest.length === 0) return waiting;
    if (waiting !== undefined) {
      this.#state.put("packages", waiting.id, { ...waiting, lineItemIds: rest });
    }
    return makePackage(orders, lineItemIds, this.#seconds());
  }

  /** Stores a package of the order, and the order with its status and fields. Returns the order. */
  save(order: SimulatedOrder, changed: SimulatedPackage, detail = {}): SimulatedOrder {
    this.#state.put("packages", changed.id, changed);
    const packages = packagesOf(this.#state, order);
    if (!packages.some(({ id }) => id === changed.id)) packages.push(changed);
    const status = orderStatus(linesOf(order), packages);
    const fields = { ...packageFields(order, packages), ...detail };
    const saved = advanceOrder(order, status, this.#seconds(), fields);
    this.#state.put("orders", order.id, saved);
    return saved;
  }

  /** Stores a package and all its orders. */
  saveAll(orders: Orders, changed: SimulatedPackage): void {
    for (const order of orders) this.save(order, changed);
  }
}
