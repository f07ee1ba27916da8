/**
 * Labels, tracking numbers and the parcels' way, changed together with their orders. Every change is
 * synchronous: the second of two simultaneous calls for the same lines sees the first one's package.
 */
import { type Orders, ordersOf, packagesOf } from "./combined_orders.ts";
import { type DoubtfulCode, shippingRefusals } from "./fulfillment_refusals.ts";
import { OrderPackages } from "./order_packages.ts";
import { movePackage } from "./packages.ts";
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
  /** Receives an order whose status a call of the seller has changed. */
  onChange: (order: SimulatedOrder) => void = () => {};
  readonly packages: OrderPackages;
  readonly #state: SimulatorState;
  readonly #now: () => number;

  /** @param now Milliseconds since 1970. */
  constructor(state: SimulatorState, now: () => number) {
    this.#state = state;
    this.#now = now;
    this.packages = new OrderPackages(state, () => this.#seconds);
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

  /** Lines of the order in packages for which shipping is arranged. */
  packedLines(order: SimulatedOrder): string[] {
    return packagesOf(this.#state, order).filter(({ status }) => status !== "TO_FULFILL")
      .flatMap(({ lineItemIds }) => lineItemIds);
  }

  #ship(
    orders: Orders,
    lineItemIds: string[],
    status: PackageStatus,
    { provider, ...shipping }: Shipping,
  ): SimulatedPackage {
    const shipped: SimulatedPackage = {
      ...movePackage(this.packages.packageFor(orders, lineItemIds), status, this.#seconds),
      ...shipping,
      providerId: provider.id,
      providerName: provider.name,
      labelDelay: this.labelDelay,
    };
    // Shipping rejects the buyer's request to cancel.
    for (const order of ordersOf(this.#state, shipped)) {
      const isRequested = order.detail.is_buyer_request_cancel === true;
      const change = isRequested ? { is_buyer_request_cancel: false } : {};
      const saved = this.packages.save(order, shipped, change);
      if (saved.detail.status !== order.detail.status) this.onChange(saved);
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
    this.packages.saveAll(ordersOf(this.#state, found), changed);
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
    this.packages.saveAll(ordersOf(this.#state, found), movePackage(found, status, this.#seconds));
    return this.#state.get("orders", found.orderId);
  }

  /** Counts a read of the package's documents. Returns whether they are ready. */
  readDocuments(found: SimulatedPackage): boolean {
    if (found.labelDelay === 0) return true;
    this.#state.put("packages", found.id, { ...found, labelDelay: found.labelDelay - 1 });
    return false;
  }
}
