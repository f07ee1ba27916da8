/** Notifies TikTok of a label that it did not sell: afterwards the order counts as shipped. */
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import type { ShopAccess } from "../tiktok/api/client.ts";
import { TikTokError } from "../tiktok/api/errors.ts";
import {
  getShippingProviders,
  markPackageAsShipped,
  type OwnTracking,
  shipPackage,
  updateShippingInfo,
} from "../tiktok/api/fulfillment.ts";
import { countryQuery } from "../tiktok/api/provider_countries.ts";
import type { LineItem, Order } from "../tiktok/api/schemas.ts";
import { isCancelled } from "../tiktok/orders/map_order_items.ts";
import { ShopConnection } from "../tiktok/connections/shop_connection.ts";
import { findShippingProvider } from "./carriers.ts";
import type { LabelDependencies } from "./dependencies.ts";
import type { TikTokNotification } from "./purchases.ts";
import type { PurchaseForWorker } from "./schemas.ts";

/** Where TikTok has Mark Package As Shipped; elsewhere Ship Package takes the tracking number. */
const MARKED = new Set(["US", "GB", "DE", "FR", "IT", "ES", "IE", "JP"]);

const IN_USE = ["purchased", "void_rejected"];

interface ParcelOfOrder {
  purchase: PurchaseForWorker;
  /** At TikTok. */
  order: Order;
  /** Its units in the parcel. */
  lineItemIds: string[];
  /** EasyPost's name of the carrier. */
  carrier: string;
  trackingNumber: string;
}

/** MARK_SHIPPED: a refusal does not undo the purchase; it is stored with the shipment and tried again. */
export async function markShipped(
  dependencies: LabelDependencies,
  { object_id, event_id: eventId }: ClaimedEvent,
): Promise<EventResult> {
  const shipmentId = object_id ?? "";
  const { purchases } = dependencies;
  const purchase = await purchases.getForWorker(shipmentId);
  if (purchase === undefined || !IN_USE.includes(purchase.state)) {
    return { ignored: "label_not_in_use" };
  }
  const { carrier, tracking_number, tiktok_notified_at } = purchase.shipment;
  if (tiktok_notified_at !== null) return { ignored: "tiktok_already_notified" };
  if (purchase.order.shop === null) return { ignored: "shop_not_connected" };
  if (tracking_number === null) return { ignored: "no_tracking_number" };

  const connection = new ShopConnection(dependencies, purchase.order.shop);
  try {
    const notification = await connection.call(async (access) => {
      const parcel = { purchase, carrier: carrier ?? "", trackingNumber: tracking_number };
      return await notifyForEachOrder(dependencies, access, parcel);
    });
    if (notification === null) return { ignored: "units_cancelled" };
    await purchases.recordTikTokNotification(shipmentId, notification, eventId);
    return { outcome: "notified" };
  } catch (error) {
    if (!(error instanceof TikTokError)) throw error;
    // For the seller: TikTok's code and message, without the path of the call.
    const message = error.message.replace(/ \([^()]*\)$/, "");
    await purchases.recordTikTokNotification(shipmentId, { error: message });
    throw error;
  }
}

/** A repetition skips the orders for which TikTok has the number already. */
async function notifyForEachOrder(
  dependencies: LabelDependencies,
  access: Required<ShopAccess>,
  parcel: Omit<ParcelOfOrder, "order" | "lineItemIds">,
): Promise<TikTokNotification | null> {
  let first: TikTokNotification | null = null;
  for (const { tiktok_order_id, line_item_ids } of parcel.purchase.orders) {
    const order = await readOrder(dependencies, access, tiktok_order_id);
    const part = { ...parcel, order, lineItemIds: line_item_ids };
    const notification = await notifyTikTok(dependencies, access, part);
    first ??= notification;
  }
  return first;
}

async function readOrder(
  { tiktok }: LabelDependencies,
  access: Required<ShopAccess>,
  id: string,
): Promise<Order> {
  const order = (await tiktok.getOrders(access, [id])).orders.get(id);
  if (order === undefined) throw new TikTokError("TikTok does not show the order");
  return order;
}

/** `null` if every unit of the order in the parcel was cancelled since. */
async function notifyTikTok(
  { tiktok, countryParameters }: LabelDependencies,
  access: Required<ShopAccess>,
  { purchase, order, lineItemIds, carrier, trackingNumber }: ParcelOfOrder,
): Promise<TikTokNotification | null> {
  const units = (order.line_items ?? []).filter(({ id }) => lineItemIds.includes(id));
  const lines = units.filter((line) => !isCancelled(line));
  if (order.status === "CANCELLED" || units.length > 0 && lines.length === 0) return null;
  const packageId = lines.find((line) => line.package_id)?.package_id || null;
  // The answer to an earlier call was lost: TikTok has the number.
  if (haveTrackingNumber(lines, trackingNumber)) return { packageId };

  const region = purchase.order.shop?.region;
  const countries = countryQuery(countryParameters, {
    region,
    origin: purchase.sender?.country,
    destination: order.recipient_address?.region_code,
  });
  const option = order.delivery_option_id || "0";
  const providers = await getShippingProviders(tiktok, access, option, countries);
  const provider = findShippingProvider(carrier, providers);
  if (provider === undefined) {
    throw new TikTokError(`TikTok has no shipping provider for ${carrier}`);
  }
  const tracking: OwnTracking = {
    tracking_number: trackingNumber,
    shipping_provider_id: provider.id,
  };
  // TikTok has the number of another label, which was voided since.
  if (packageId !== null && lines.some((line) => line.tracking_number)) {
    await updateShippingInfo(tiktok, access, packageId, tracking);
    return { packageId };
  }
  if (packageId !== null && !MARKED.has(region ?? "US")) {
    await shipPackage(tiktok, access, packageId, tracking);
    return { packageId };
  }
  const marked = await markPackageAsShipped(tiktok, access, order.id, {
    ...tracking,
    order_line_item_ids: lines.length > 0 ? lines.map(({ id }) => id) : lineItemIds,
  });
  return { packageId: marked.package_id ?? null, warning: marked.warning?.message ?? null };
}

function haveTrackingNumber(lines: LineItem[], trackingNumber: string): boolean {
  return lines.length > 0 && lines.every((line) => line.tracking_number === trackingNumber);
}
