/**
 * Makes packages, and changes them together with their orders. What may be done is checked before, and
 * nothing waits in between: of two calls for the same lines one comes second, and is refused.
 */
import type { Fulfillment } from "./fulfillment.ts";
import { advanceOrder } from "./order_factory.ts";
import { makePackage, movePackage } from "./package_factory.ts";
import {
  hasPackageFromPayment,
  linesOf,
  orderStatus,
  PACKAGE_STATUS,
  packageFields,
} from "./packages.ts";
import type { PackageStatus, SimulatedLabel, SimulatedPackage } from "./package_types.ts";
import type { ShippingProvider } from "./shipping_providers.ts";
import { shipmentId, type SimulatedOrder, type SimulatorState } from "./state.ts";

export interface Tracking {
  provider: ShippingProvider;
  trackingNumber: string;
}

/** How a package travels. */
export type Shipping =
  & Tracking
  & Pick<SimulatedPackage, "handoverMethod" | "pickupSlot" | "weight" | "dimension">;

export class PackageDesk {
  readonly #state: SimulatorState;
  readonly #fulfillment: Fulfillment;
  readonly #now: () => number;

  constructor(state: SimulatorState, fulfillment: Fulfillment, now: () => number) {
    this.#state = state;
    this.#fulfillment = fulfillment;
    this.#now = now;
  }

  get #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  packagesOf(order: SimulatedOrder): SimulatedPackage[] {
    const named = (order.detail.packages ?? []) as { id: string }[];
    return named.flatMap(({ id }) => this.#state.get("packages", id) ?? []);
  }

  /** Lines of the order that are in a package which was shipped, or is about to be. */
  packedLines(order: SimulatedOrder): string[] {
    return this.packagesOf(order).filter(({ status }) => status !== "TO_FULFILL")
      .flatMap(({ lineItemIds }) => lineItemIds);
  }

  /** An order that was added or changed, with the packages that it has because of that. */
  settle(order: SimulatedOrder): SimulatedOrder {
    const status = PACKAGE_STATUS[order.detail.status];
    let packages = this.packagesOf(order);
    if (packages.length === 0) packages = this.#firstPackages(order);
    else if (status !== undefined) {
      packages = packages.map((found) => movePackage(found, status, this.#now()));
    }
    for (const found of packages) this.#state.put("packages", found.id, found);
    if (packages.length === 0) return order;
    return { ...order, detail: { ...order.detail, ...packageFields(order, packages) } };
  }

  #firstPackages(order: SimulatedOrder): SimulatedPackage[] {
    const shop = this.#state.get("shops", order.shopId);
    const isDue = shop !== undefined && hasPackageFromPayment(shop) &&
      order.detail.status === "AWAITING_SHIPMENT";
    return isDue ? [makePackage(order, linesOf(order).map(({ id }) => id), this.#seconds)] : [];
  }

  /** The package with just these lines; they leave the one in which they waited with others. */
  #claim(order: SimulatedOrder, lineItemIds: string[]): SimulatedPackage {
    const waiting = this.packagesOf(order).find(({ status }) => status === "TO_FULFILL");
    const rest = waiting?.lineItemIds.filter((id) => !lineItemIds.includes(id)) ?? [];
    if (waiting !== undefined && rest.length === 0) return waiting;
    if (waiting !== undefined) {
      this.#state.put("packages", waiting.id, { ...waiting, lineItemIds: rest });
    }
    return makePackage(order, lineItemIds, this.#seconds);
  }

  #save(order: SimulatedOrder, changed: SimulatedPackage, detail = {}): SimulatedOrder {
    this.#state.put("packages", changed.id, changed);
    const packages = this.packagesOf(order);
    if (!packages.some(({ id }) => id === changed.id)) packages.push(changed);
    const status = orderStatus(linesOf(order), packages);
    const fields = { ...packageFields(order, packages), ...detail };
    const updated = advanceOrder(order, status, this.#seconds, fields);
    this.#state.put("orders", order.id, updated);
    return updated;
  }

  #ship(
    order: SimulatedOrder,
    lineItemIds: string[],
    status: PackageStatus,
    { provider, ...shipping }: Shipping,
  ): SimulatedPackage {
    const shipped: SimulatedPackage = {
      ...movePackage(this.#claim(order, lineItemIds), status, this.#now()),
      ...shipping,
      providerId: provider.id,
      providerName: provider.name,
      labelDelay: this.#fulfillment.labelDelay,
    };
    // Who ships rejects the buyer's wish to cancel.
    const isWanted = order.detail.is_buyer_request_cancel === true;
    this.#save(order, shipped, isWanted ? { is_buyer_request_cancel: false } : {});
    return shipped;
  }

  /** TikTok ships these lines, and charges the shop for the label. */
  buyLabel(
    order: SimulatedOrder,
    lineItemIds: string[],
    shipping: Shipping,
    price: Pick<SimulatedLabel, "serviceId" | "cents" | "currency">,
  ): SimulatedPackage {
    const bought = this.#ship(order, lineItemIds, "PROCESSING", shipping);
    const { id: packageId, orderId, shopId } = bought;
    const label = { packageId, orderId, shopId, lineItemIds, ...price, at: this.#seconds };
    this.#state.put("labels", packageId, label);
    return bought;
  }

  /** The seller has shipped these lines. */
  handOver(order: SimulatedOrder, lineItemIds: string[], tracking: Tracking): SimulatedPackage {
    const { provider, trackingNumber } = tracking;
    const shipped = this.#ship(order, lineItemIds, "FULFILLING", { provider, trackingNumber });
    this.#told(shipped, tracking);
    return shipped;
  }

  /** The seller had told TikTok another number. */
  correct(order: SimulatedOrder, found: SimulatedPackage, tracking: Tracking): void {
    const { provider: { id: providerId, name: providerName }, trackingNumber } = tracking;
    const updateTime = this.#seconds;
    this.#save(order, { ...found, trackingNumber, providerId, providerName, updateTime });
    this.#told(found, tracking);
  }

  #told(found: SimulatedPackage, { provider, trackingNumber }: Tracking): void {
    const { id: packageId, orderId, shopId, lineItemIds } = found;
    const count = this.#fulfillment.shipped.filter((told) => told.packageId === packageId).length;
    this.#state.put("shipments", shipmentId(packageId, count), {
      ...{ packageId, orderId, shopId, lineItemIds, trackingNumber },
      providerId: provider.id,
      isCorrection: count > 0,
      at: this.#seconds,
    });
  }

  /** The carrier has a package, delivered it or lost it: its order changes with it. */
  advance(found: SimulatedPackage, status: PackageStatus): SimulatedOrder | undefined {
    const order = this.#state.get("orders", found.orderId);
    return order && this.#save(order, movePackage(found, status, this.#now()));
  }

  /** One more read of the package's documents. Returns whether they are ready. */
  readDocuments(found: SimulatedPackage): boolean {
    if (found.labelDelay === 0) return true;
    this.#state.put("packages", found.id, { ...found, labelDelay: found.labelDelay - 1 });
    return false;
  }
}
