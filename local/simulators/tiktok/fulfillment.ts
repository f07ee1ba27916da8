/**
 * Packages, labels and tracking numbers, changed together with their orders. Every change is
 * synchronous: the second of two simultaneous calls for the same lines sees the first one's package.
 */
import { hasOtherOrders, type Orders, ordersOf, packagesOf } from "./combined_orders.ts";
import { type DoubtfulCode, shippingRefusals } from "./fulfillment_refusals.ts";
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
import type { ShippingProvider } from "./shipping_providers.ts";
import {
  type PackageStatus,
  shipmentId,
  type SimulatedLabel,
  type SimulatedOrder,
  type SimulatedPackage,
  type SimulatedShipment,
  type SimulatorState,
} from "./state.ts";

export interface Tracking {
  provider: ShippingProvider;
  trackingNumber: string;
}

type Shipping = Tracking & Pick<SimulatedPackage, "weight" | "dimension">;

export class Fulfillment {
  /** Number of reads of a label bought afterwards that TikTok answers with "not ready" (11034037). */
  labelDelay = 0;
  /** Errors of the next purchases, in order. The labels are bought. */
  doubtfulBuys: DoubtfulCode[] = [];
  /** Warns about every tracking number that it fits several carriers. */
  alwaysWarn = false;
  /** Several packages of one order may have one number: TikTok documents 21011025 as well as 21011026. */
  allowsSharedNumbers = false;
  readonly #state: SimulatorState;
  readonly #now: () => number;

  /** @param now Milliseconds since 1970. */
  constructor(state: SimulatorState, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  get #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  /** Every bought label, in order. */
  get labels(): SimulatedLabel[] {
    return this.#state.all("labels");
  }

  get labelsBought(): number {
    return this.labels.length;
  }

  /** Cents charged to all shops together. */
  get charged(): number {
    return this.labels.reduce((sum, { cents }) => sum + cents, 0);
  }

  /** Every tracking number that a seller sent, corrections too, in order. */
  get shipped(): SimulatedShipment[] {
    return this.#state.all("shipments");
  }

  packagesOf(order: SimulatedOrder): SimulatedPackage[] {
    return packagesOf(this.#state, order);
  }

  /** Lines of the order in packages for which shipping is arranged. */
  packedLines(order: SimulatedOrder): string[] {
    return this.packagesOf(order).filter(({ status }) => status !== "TO_FULFILL")
      .flatMap(({ lineItemIds }) => lineItemIds);
  }

  /** Creates or moves the packages of a new or changed order. Returns the order with their fields. */
  updatePackages(order: SimulatedOrder): SimulatedOrder {
    const status = PACKAGE_STATUS[order.detail.status];
    let packages = this.packagesOf(order);
    if (packages.length === 0) packages = this.#firstPackages(order);
    else {
      packages = packages.map((found) => withoutCancelledUnits(found, order)).map((found) =>
        status === undefined || status === "CANCELLED" && hasOtherOrders(this.#state, found, order)
          ? found
          : movePackage(found, status, this.#seconds)
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
    return isDue ? [makePackage([order], lineItemIds, this.#seconds)] : [];
  }

  /** Outside the US: one waiting package for several orders, in the place of their own ones. */
  combinePackages(orders: Orders): SimulatedPackage {
    const lineItemIds = orders.flatMap((order) => liveLinesOf(order).map(({ id }) => id));
    const combined = makePackage(orders, lineItemIds, this.#seconds);
    this.#state.put("packages", combined.id, combined);
    for (const order of orders) {
      const detail = { ...order.detail, ...packageFields(order, [combined]) };
      this.#state.put("orders", order.id, { ...order, detail });
    }
    return combined;
  }

  /** The waiting package if it has exactly these lines; otherwise a new one that takes them over. */
  #packageFor(orders: Orders, lineItemIds: string[]): SimulatedPackage {
    const waiting = this.packagesOf(orders[0]).find((found) =>
      found.status === "TO_FULFILL" && found.lineItemIds.some((id) => lineItemIds.includes(id))
    );
    // A combined package is shipped as a whole.
    if (waiting !== undefined && ordersIn(waiting).length > 1) return waiting;
    const rest = waiting?.lineItemIds.filter((id) => !lineItemIds.includes(id)) ?? [];
    if (waiting !== undefined && rest.length === 0) return waiting;
    if (waiting !== undefined) {
      this.#state.put("packages", waiting.id, { ...waiting, lineItemIds: rest });
    }
    return makePackage(orders, lineItemIds, this.#seconds);
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

  #saveAll(orders: Orders, changed: SimulatedPackage, detail = {}): void {
    for (const order of orders) this.#save(order, changed, detail);
  }

  #ship(
    orders: Orders,
    lineItemIds: string[],
    status: PackageStatus,
    { provider, ...shipping }: Shipping,
  ): SimulatedPackage {
    const shipped: SimulatedPackage = {
      ...movePackage(this.#packageFor(orders, lineItemIds), status, this.#seconds),
      ...shipping,
      providerId: provider.id,
      providerName: provider.name,
      labelDelay: this.labelDelay,
    };
    // Shipping rejects the buyer's request to cancel.
    for (const order of ordersOf(this.#state, shipped)) {
      const isRequested = order.detail.is_buyer_request_cancel === true;
      this.#save(order, shipped, isRequested ? { is_buyer_request_cancel: false } : {});
    }
    return shipped;
  }

  /**
   * TikTok ships these lines, and charges the shop for the label.
   * @throws {TikTokRefusal} after the purchase, if `doubtfulBuys` says so
   */
  buyLabel(
    orders: Orders,
    lineItemIds: string[],
    shipping: Shipping,
    price: Pick<SimulatedLabel, "serviceId" | "cents" | "currency">,
  ): SimulatedPackage {
    const bought = this.#ship(orders, lineItemIds, "PROCESSING", shipping);
    const { id: packageId, orderId, orderIds, shopId } = bought;
    const label = {
      ...{ packageId, orderId, shopId, lineItemIds },
      ...(orderIds !== undefined && { orderIds }),
      ...price,
      at: this.#seconds,
    };
    this.#state.put("labels", packageId, label);
    const doubt = this.doubtfulBuys.shift();
    if (doubt !== undefined) throw shippingRefusals.doubtful(doubt);
    return bought;
  }

  /** The seller has shipped these lines. */
  markShipped(order: SimulatedOrder, lineItemIds: string[], tracking: Tracking): SimulatedPackage {
    const { provider, trackingNumber } = tracking;
    const shipped = this.#ship([order], lineItemIds, "FULFILLING", { provider, trackingNumber });
    this.#recordShipment(shipped, tracking);
    return shipped;
  }

  /** Whether the tracking number of a package was replaced before. */
  isCorrected({ id }: SimulatedPackage): boolean {
    return this.shipped.some(({ packageId, isCorrection }) => packageId === id && isCorrection);
  }

  /** Replaces the tracking number of a shipped package. */
  correctTracking(found: SimulatedPackage, tracking: Tracking): void {
    const { provider: { id: providerId, name: providerName }, trackingNumber } = tracking;
    const updateTime = this.#seconds;
    const changed = { ...found, trackingNumber, providerId, providerName, updateTime };
    this.#saveAll(ordersOf(this.#state, found), changed);
    this.#recordShipment(found, tracking);
  }

  #recordShipment(found: SimulatedPackage, { provider, trackingNumber }: Tracking): void {
    const { id: packageId, orderId, shopId, lineItemIds } = found;
    const count = this.shipped.filter((shipment) => shipment.packageId === packageId).length;
    this.#state.put("shipments", shipmentId(packageId, count), {
      ...{ packageId, orderId, shopId, lineItemIds, trackingNumber },
      providerId: provider.id,
      isCorrection: count > 0,
      at: this.#seconds,
    });
  }

  /** A carrier collects, delivers or loses a package; its orders change with it. Returns the first one. */
  movePackage(found: SimulatedPackage, status: PackageStatus): SimulatedOrder | undefined {
    this.#saveAll(ordersOf(this.#state, found), movePackage(found, status, this.#seconds));
    return this.#state.get("orders", found.orderId);
  }

  /** Counts a read of the package's documents. Returns whether they are ready. */
  readDocuments(found: SimulatedPackage): boolean {
    if (found.labelDelay === 0) return true;
    this.#state.put("packages", found.id, { ...found, labelDelay: found.labelDelay - 1 });
    return false;
  }
}
