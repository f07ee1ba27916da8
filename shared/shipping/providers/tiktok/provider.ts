/** TikTok's own labels: the only ones for orders that TikTok ships. */
import {
  createCombinedPackage,
  createPackage,
  getShippingDocument,
  getShippingServices,
  shipPackage,
} from "../../../tiktok/api/fulfillment.ts";
import type { TikTokDependencies } from "../../../tiktok/dependencies.ts";
import { LabelError } from "../../errors.ts";
import { toTikTokMeasures } from "../../parcel.ts";
import type { OrderToShip, Purchase } from "../../schemas.ts";
import type {
  BoughtLabel,
  Choice,
  LabelDocument,
  LabelProvider,
  ParcelStatus,
  PreparedChoice,
  Rate,
  RatesRequest,
  TrackingUpdate,
  VoidDecision,
} from "../provider.ts";
import { toPurchaseError } from "./errors.ts";
import { OrderApi } from "./order_api.ts";
import { findPackage, isArranged, isSplit, toBoughtLabel, undrawnLabel } from "./packages.ts";
import { chooseRate, toRate, UNPRICED_RATE } from "./rates.ts";

const DAY_MS = 24 * 3600 * 1000;

const STATUS: Readonly<Record<string, ParcelStatus>> = {
  FULFILLING: "in_transit",
  COMPLETED: "delivered",
};

/** Without a region too: nearly all shops that have TikTok's labels are there. */
function isInUnitedStates({ shop }: OrderToShip): boolean {
  return (shop?.region ?? "US") === "US";
}

/** TikTok's ids of the orders in the parcel. */
function idsOf({ orders }: Purchase): string[] {
  return orders.map(({ tiktok_order_id }) => tiktok_order_id);
}

export class TikTokShippingProvider implements LabelProvider {
  readonly #dependencies: TikTokDependencies;

  constructor(dependencies: TikTokDependencies) {
    this.#dependencies = dependencies;
  }

  async rates(
    order: OrderToShip,
    { parcel, lineItemIds }: Omit<RatesRequest, "sender">,
  ): Promise<Rate[]> {
    if (!isInUnitedStates(order)) return [UNPRICED_RATE];
    const measures = toTikTokMeasures(parcel);
    const id = order.tiktok_order_id;
    // The call takes one order: a combined parcel is described by its measures.
    const ownUnits = lineItemIds.filter((unit) => order.line_item_ids.includes(unit));
    const services = await this.#open(order).read((tiktok, access) =>
      getShippingServices(tiktok, access, id, ownUnits, measures)
    );
    return services.map(toRate);
  }

  async prepare(purchase: Purchase): Promise<PreparedChoice> {
    const { order, parcel, service, label_format, line_item_ids, quoted_cost, currency } = purchase;
    if (label_format === "ZPL" && order.shop?.region !== "BR") {
      throw new LabelError("label_format_unavailable");
    }
    const chosen = { carrier_shipment_id: null, carrier_rate_id: null };
    // A rate that the seller saw: TikTok's prices are estimates, another call would return the same.
    if (quoted_cost !== null) return { service, carrier: null, quoted_cost, currency, ...chosen };
    const offered = await this.rates(order, { parcel, lineItemIds: line_item_ids });
    const { carrier, service: id, price, currency: priceCurrency } = chooseRate(offered, purchase);
    return { service: id, carrier, quoted_cost: price, currency: priceCurrency, ...chosen };
  }

  async buy(purchase: Purchase, choice: Choice): Promise<BoughtLabel> {
    try {
      return isInUnitedStates(purchase.order)
        ? await this.#createPackage(purchase, choice)
        : await this.#arrangeShipping(purchase);
    } catch (error) {
      throw toPurchaseError(error);
    }
  }

  async find(purchase: Purchase): Promise<BoughtLabel | undefined> {
    const { order, line_item_ids } = purchase;
    const api = this.#open(order);
    const orders = await api.readOrders(idsOf(purchase));
    if (!isInUnitedStates(order) && isSplit(orders, line_item_ids)) return undefined;
    const found = findPackage(orders, line_item_ids);
    if (found === undefined) return undefined;
    if (!isInUnitedStates(order) && !isArranged(found.lines)) return undefined;
    const detail = await api.readPackage(found.id);
    if (detail.package_status === "CANCELLED") return undefined;
    return {
      ...undrawnLabel(purchase, found.id),
      carrier: detail.shipping_provider_name || "TikTok Shipping",
      tracking_number: detail.tracking_number || null,
    };
  }

  async label(purchase: Purchase): Promise<LabelDocument> {
    const { order, label_format, tiktok_package_id } = purchase;
    const query: Record<string, string> = {
      document_type: label_format === "PNG" ? "SHIPPING_LABEL_PICTURE" : "SHIPPING_LABEL",
      ...(label_format === "ZPL" && { document_format: "ZPL" }),
    };
    const requestedAt = Date.now();
    const packageId = tiktok_package_id as string;
    const { doc_url, tracking_number } = await this.#open(order).read((tiktok, access) =>
      getShippingDocument(tiktok, access, packageId, query)
    );
    return {
      label_url: doc_url,
      label_expires_at: new Date(requestedAt + DAY_MS).toISOString(),
      label_format,
      tracking_number: tracking_number || null,
    };
  }

  /** TikTok's API has no call that voids a label: it reads whether the seller did in Seller Center. */
  async void({ order, tiktok_package_id }: Purchase): Promise<VoidDecision> {
    const { package_status } = await this.#open(order).readPackage(tiktok_package_id as string);
    if (package_status === "CANCELLED") return { state: "voided", reason: null };
    const isUnderway = ["FULFILLING", "COMPLETED"].includes(package_status ?? "");
    return {
      state: "void_rejected",
      reason: isUnderway ? "already_underway" : "void_in_seller_center",
    };
  }

  async track({ order, tiktok_package_id }: Purchase): Promise<TrackingUpdate> {
    const { package_status } = await this.#open(order).readPackage(tiktok_package_id as string);
    const status = STATUS[package_status ?? ""] ?? null;
    return { status, estimated_delivery: null, updated_at: null };
  }

  /** Buys a label in the United States. */
  async #createPackage(purchase: Purchase, choice: Choice): Promise<BoughtLabel> {
    const { order, orders, line_item_ids, parcel } = purchase;
    const wanted = { shipping_service_id: choice.service, ...toTikTokMeasures(parcel) };
    const created = await this.#open(order).buy((tiktok, access) =>
      orders.length > 1
        ? createCombinedPackage(tiktok, access, idsOf(purchase), wanted)
        : createPackage(tiktok, access, order.tiktok_order_id, {
          order_line_item_ids: line_item_ids,
          ...wanted,
        })
    );
    return toBoughtLabel(purchase, choice, created);
  }

  /** Buys a label elsewhere: the package exists already, and its shipping is arranged. */
  async #arrangeShipping(purchase: Purchase): Promise<BoughtLabel> {
    const { order, line_item_ids } = purchase;
    const api = this.#open(order);
    const orders = await api.readOrders(idsOf(purchase));
    if (isSplit(orders, line_item_ids)) throw new LabelError("line_items_split");
    const found = findPackage(orders, line_item_ids);
    if (found === undefined) throw new LabelError("order_changed");
    const detail = await api.readPackage(found.id);
    const ids = idsOf(purchase);
    if (detail.orders.some(({ id }) => !ids.includes(id))) throw new LabelError("order_combined");
    if (detail.order_line_item_ids.some((id) => !line_item_ids.includes(id))) {
      throw new LabelError("line_items_combined");
    }
    await api.buy((tiktok, access) => shipPackage(tiktok, access, found.id));
    return undrawnLabel(purchase, found.id);
  }

  #open(order: OrderToShip): OrderApi {
    return new OrderApi(this.#dependencies, order);
  }
}
