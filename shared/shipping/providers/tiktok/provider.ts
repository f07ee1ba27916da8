/** TikTok's own labels: the only ones for orders that TikTok ships. */
import { exactCents } from "../../../values/money.ts";
import type { ShopAccess, TikTokClient } from "../../../tiktok/api/client.ts";
import { ShopConnection } from "../../../tiktok/connections/shop_connection.ts";
import { isRateLimited, isRefusal, TikTokError } from "../../../tiktok/api/errors.ts";
import {
  createPackage,
  getPackage,
  getShippingDocument,
  getShippingServices,
  shipPackage,
} from "../../../tiktok/api/fulfillment.ts";
import type { TikTokDependencies } from "../../../tiktok/dependencies.ts";
import type { LineItem, Order } from "../../../tiktok/api/schemas.ts";
import { LabelError } from "../../errors.ts";
import { type Parcel, toTikTokMeasures } from "../../parcel.ts";
import type {
  BoughtLabel,
  Choice,
  LabelDocument,
  LabelFormat,
  LabelProvider,
  OrderToShip,
  ParcelNews,
  ParcelStatus,
  Purchase,
  Rate,
  VoidAnswer,
} from "../../provider.ts";

/** "Label already purchased", "already shipped": perhaps by the very call whose answer was lost. */
const DONE_ALREADY = new Set([21022025, 21011006, 21011020, 21030006]);
const ON_HOLD = 21011044;
const TRY_LATER = 21022026;
const SCOPE_MISSING = 105005;
const PICKED_UP = 21042102;
const NOT_READY = new Set([11034037, 11034023, 11006010]);

/** Of markets without rates: TikTok takes its own carrier. */
const TIKTOKS_CHOICE = "tiktok";

const DAY_MS = 24 * 3600 * 1000;

/** What an error of a call that buys nothing, or bought nothing, means. */
function harmless(error: unknown): unknown {
  if (!(error instanceof TikTokError)) return error;
  const { retryAfterSeconds } = error;
  if (isRateLimited(error)) {
    return new LabelError("carrier_busy", { retryAfterSeconds, cause: error });
  }
  if (error.code === ON_HOLD) return new LabelError("order_on_hold", { cause: error });
  if (error.code === SCOPE_MISSING) return new LabelError("permission_missing", { cause: error });
  if (error.code === PICKED_UP) return new LabelError("label_gone", { cause: error });
  if (error.code === TRY_LATER) return new LabelError("carrier_busy", { cause: error });
  if (NOT_READY.has(error.code)) return new LabelError("label_not_ready", { cause: error });
  return new LabelError(isRefusal(error) ? "carrier_refused" : "tiktok_unavailable", {
    cause: error,
  });
}

function afterBuying(error: unknown): unknown {
  if (!(error instanceof TikTokError)) return error;
  const refused = isRefusal(error) && !DONE_ALREADY.has(error.code) || isRateLimited(error);
  return refused
    ? harmless(error)
    : new LabelError("outcome_unknown", { bought: "unknown", cause: error });
}

/** Where TikTok did not say: nearly all shops that have its labels are there. */
function isInUnitedStates({ shop }: OrderToShip): boolean {
  return (shop?.region ?? "US") === "US";
}

/** TikTok's package of these units: `undefined` if they have none, an error if it is not theirs alone. */
function packageOf(
  order: Order,
  lineItemIds: string[],
): { id: string; lines: LineItem[] } | undefined {
  const lines = (order.line_items ?? []).filter((line) => lineItemIds.includes(line.id));
  // Of units that TikTok does not show, nobody can say that they have no package.
  if (lines.length === 0) throw new LabelError("order_changed");
  const ids = new Set(lines.map((line) => line.package_id || ""));
  const [id = ""] = ids;
  if (ids.size === 1 && id === "") return undefined;
  if (ids.size > 1) throw new LabelError("already_shipped");
  return { id, lines };
}

/** Where the package is there before its label: a state, or a number, tells that it was arranged. */
function isArranged(lines: LineItem[]): boolean {
  return lines.every((line) =>
    line.tracking_number || line.package_status && line.package_status !== "TO_FULFILL"
  );
}

export class TikTokShippingProvider implements LabelProvider {
  readonly #tiktok: TikTokClient;
  readonly #dependencies: TikTokDependencies;

  constructor(dependencies: TikTokDependencies) {
    this.#tiktok = dependencies.tiktok;
    this.#dependencies = dependencies;
  }

  async rates(
    order: OrderToShip,
    { parcel, lineItemIds }: { parcel: Parcel; lineItemIds: string[] },
  ): Promise<Rate[]> {
    if (!isInUnitedStates(order)) {
      return [{
        carrier: "TikTok Shipping",
        service: TIKTOKS_CHOICE,
        service_name: "TikTok Shipping",
        price: null,
        currency: null,
        days_min: null,
        days_max: null,
        is_default: true,
        carrier_shipment_id: null,
        carrier_rate_id: null,
      }];
    }
    const services = await this.#call(order, (access) =>
      getShippingServices(
        this.#tiktok,
        access,
        order.tiktok_order_id,
        lineItemIds,
        toTikTokMeasures(parcel),
      ));
    return services.map((service) => {
      const price = exactCents(service.price ?? "") ?? null;
      return {
        carrier: service.shipping_provider_name || "TikTok Shipping",
        service: service.id,
        service_name: service.name || service.id,
        price,
        currency: price === null ? null : service.currency || null,
        days_min: service.earliest_delivery_days ?? null,
        days_max: service.latest_delivery_days ?? null,
        is_default: service.is_default === true,
        carrier_shipment_id: null,
        carrier_rate_id: null,
      };
    }).map((rate) => rate.currency === null ? { ...rate, price: null } : rate);
  }

  async prepare(purchase: Purchase): Promise<Choice> {
    const { order, parcel, service, label_format, line_item_ids, quoted_cost, currency } = purchase;
    if (label_format === "ZPL" && order.shop?.region !== "BR") {
      throw new LabelError("label_format_unavailable");
    }
    const chosen = { carrier_shipment_id: null, carrier_rate_id: null };
    // A rate that the seller saw: TikTok's prices are estimates, asking again would bring no other.
    if (quoted_cost !== null) return { service, quoted_cost, currency, ...chosen };
    const rates = await this.rates(order, { parcel, lineItemIds: line_item_ids });
    // What has no price may cost anything.
    const priceOf = (rate: Rate) => Number(rate.price ?? Infinity);
    const cheapest = rates.toSorted((a, b) => priceOf(a) - priceOf(b));
    const rate = service === "default"
      ? rates.find((candidate) => candidate.is_default) ?? cheapest[0]
      : service === "cheapest"
      ? cheapest[0]
      : rates.find((candidate) => candidate.service === service);
    if (rate === undefined) throw new LabelError("service_unavailable");
    return { service: rate.service, quoted_cost: rate.price, currency: rate.currency, ...chosen };
  }

  async buy(purchase: Purchase, choice: Choice): Promise<BoughtLabel> {
    try {
      return isInUnitedStates(purchase.order)
        ? await this.#create(purchase, choice)
        : await this.#arrange(purchase);
    } catch (error) {
      throw afterBuying(error);
    }
  }

  async #create(purchase: Purchase, choice: Choice): Promise<BoughtLabel> {
    const { order, line_item_ids, parcel } = purchase;
    const created = await this.#connection(order).call((access) =>
      createPackage(this.#tiktok, access, order.tiktok_order_id, {
        order_line_item_ids: line_item_ids,
        shipping_service_id: choice.service,
        ...toTikTokMeasures(parcel),
      })
    );
    const service = created.shipping_service_info;
    const cost = exactCents(service?.price ?? "") ?? null;
    return {
      ...this.#undrawn(purchase, created.package_id),
      carrier: service?.shipping_provider_name || "TikTok Shipping",
      service_type: service?.name || choice.service,
      shipping_cost: cost,
      currency: cost === null ? null : service?.currency || null,
      estimated_delivery: service?.latest_delivery_days
        ? new Date(Date.now() + service.latest_delivery_days * DAY_MS).toISOString().slice(0, 10)
        : null,
    };
  }

  async #arrange(purchase: Purchase): Promise<BoughtLabel> {
    const { order, line_item_ids } = purchase;
    const found = packageOf(await this.#readOrder(order), line_item_ids);
    if (found === undefined) throw new LabelError("order_changed");
    await this.#refuseCombined(purchase, found.id);
    await this.#connection(order).call((access) => shipPackage(this.#tiktok, access, found.id));
    return this.#undrawn(purchase, found.id);
  }

  /** TikTok draws the label of a package after it was bought. */
  #undrawn(purchase: Purchase, packageId: string): BoughtLabel {
    return {
      carrier: "TikTok Shipping",
      service_type: purchase.service,
      shipping_cost: null,
      currency: null,
      estimated_delivery: null,
      tracking_number: null,
      label_url: null,
      label_expires_at: null,
      label_format: purchase.label_format,
      tiktok_package_id: packageId,
    };
  }

  async #refuseCombined(purchase: Purchase, packageId: string): Promise<void> {
    const detail = await this.#call(
      purchase.order,
      (access) => getPackage(this.#tiktok, access, packageId),
    );
    if (detail.order_line_item_ids.some((id) => !purchase.line_item_ids.includes(id))) {
      throw new LabelError("line_items_combined");
    }
  }

  async find(purchase: Purchase): Promise<BoughtLabel | undefined> {
    const { order, line_item_ids } = purchase;
    const found = packageOf(await this.#readOrder(order), line_item_ids);
    if (found === undefined) return undefined;
    if (!isInUnitedStates(order) && !isArranged(found.lines)) return undefined;
    const detail = await this.#call(order, (access) => getPackage(this.#tiktok, access, found.id));
    if (detail.package_status === "CANCELLED") return undefined;
    return {
      ...this.#undrawn(purchase, found.id),
      carrier: detail.shipping_provider_name || "TikTok Shipping",
      tracking_number: detail.tracking_number || null,
    };
  }

  async label(purchase: Purchase): Promise<LabelDocument> {
    const { order, label_format, tiktok_package_id } = purchase;
    const type = label_format === "PNG" ? "SHIPPING_LABEL_PICTURE" : "SHIPPING_LABEL";
    const query: Record<string, string> = {
      document_type: type,
      ...(label_format === "ZPL" && { document_format: "ZPL" }),
    };
    const asked = Date.now();
    const { doc_url, tracking_number } = await this.#call(
      order,
      (access) => getShippingDocument(this.#tiktok, access, tiktok_package_id as string, query),
    );
    return {
      label_url: doc_url,
      label_expires_at: new Date(asked + DAY_MS).toISOString(),
      label_format: label_format as LabelFormat,
      tracking_number: tracking_number || null,
    };
  }

  async void(purchase: Purchase): Promise<VoidAnswer> {
    // TikTok's API has no call for it; whether the seller did it in Seller Center can be read.
    const detail = await this.#call(
      purchase.order,
      (access) => getPackage(this.#tiktok, access, purchase.tiktok_package_id as string),
    );
    if (detail.package_status === "CANCELLED") return { state: "voided", reason: null };
    const isUnderway = ["FULFILLING", "COMPLETED"].includes(detail.package_status ?? "");
    return {
      state: "void_rejected",
      reason: isUnderway ? "already_underway" : "void_in_seller_center",
    };
  }

  async track(purchase: Purchase): Promise<ParcelNews> {
    const detail = await this.#call(
      purchase.order,
      (access) => getPackage(this.#tiktok, access, purchase.tiktok_package_id as string),
    );
    const status: ParcelStatus | null = {
      FULFILLING: "in_transit" as const,
      COMPLETED: "delivered" as const,
    }[detail.package_status ?? ""] ?? null;
    return { status, estimated_delivery: null, updated_at: null };
  }

  async #readOrder(order: OrderToShip): Promise<Order> {
    const orders = await this.#call(
      order,
      (access) => this.#tiktok.getOrders(access, [order.tiktok_order_id]),
    );
    const found = orders.get(order.tiktok_order_id);
    if (found === undefined) throw new LabelError("tiktok_unavailable");
    return found;
  }

  #connection(order: OrderToShip): ShopConnection {
    if (order.shop === null) throw new LabelError("shop_not_connected");
    return new ShopConnection(this.#dependencies, order.shop);
  }

  /** For calls that buy nothing. */
  async #call<T>(
    order: OrderToShip,
    use: (access: Required<ShopAccess>) => Promise<T>,
  ): Promise<T> {
    const connection = this.#connection(order);
    return await connection.call(use).catch((error) => {
      throw harmless(error);
    });
  }
}
