/** Tells TikTok of a label that it did not sell: the order counts as shipped from then on. */
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import type { ShopAccess } from "../tiktok/api/client.ts";
import { ShopConnection } from "../tiktok/connections/shop_connection.ts";
import { TikTokError } from "../tiktok/api/errors.ts";
import {
  getShippingProviders,
  markPackageAsShipped,
  type OwnTracking,
  shipPackage,
  updateShippingInfo,
} from "../tiktok/api/fulfillment.ts";
import type { Order } from "../tiktok/api/schemas.ts";
import type { LabelDependencies } from "./dependencies.ts";
import type { WorkersPurchase } from "./purchases.ts";
import { findShippingProvider } from "./carriers.ts";

/** Where TikTok has Mark Package As Shipped; elsewhere Ship Package takes the tracking number. */
const MARKED = new Set(["US", "GB", "DE", "FR", "IT", "ES", "IE", "JP"]);

const IN_USE = ["purchased", "void_rejected"];

interface Told {
  packageId: string | null;
  warning: string | null;
}

/** Never undoes the purchase: what TikTok says against it is kept with the shipment, and it is tried again. */
export async function markShipped(
  dependencies: LabelDependencies,
  { object_id, event_id: eventId }: ClaimedEvent,
): Promise<EventResult> {
  const shipmentId = object_id ?? "";
  const { purchases } = dependencies;
  const purchase = await purchases.forWorker(shipmentId);
  if (purchase === undefined || !IN_USE.includes(purchase.state)) {
    return { ignored: "label_not_in_use" };
  }
  const { carrier, tracking_number, tiktok_notified_at } = purchase.shipment;
  if (tiktok_notified_at !== null) return { ignored: "tiktok_already_notified" };
  if (purchase.order.shop === null) return { ignored: "shop_not_connected" };
  if (tracking_number === null) return { ignored: "no_tracking_number" };

  const connection = new ShopConnection(dependencies, purchase.order.shop);
  try {
    const told = await connection.call(async (access) => {
      const orders = await dependencies.tiktok.getOrders(access, [purchase.order.tiktok_order_id]);
      const order = orders.get(purchase.order.tiktok_order_id);
      if (order === undefined) throw new TikTokError("TikTok does not show the order");
      return await tell(dependencies, access, purchase, order, {
        carrier: carrier ?? "",
        trackingNumber: tracking_number,
      });
    });
    await purchases.noteTikTokTold(shipmentId, told, eventId);
    return { outcome: "notified" };
  } catch (error) {
    if (!(error instanceof TikTokError)) throw error;
    // For the seller: TikTok's code and words, without the call that they were about.
    const words = error.message.replace(/ \([^()]*\)$/, "");
    await purchases.noteTikTokTold(shipmentId, { error: words });
    throw error;
  }
}

async function tell(
  { tiktok }: LabelDependencies,
  access: Required<ShopAccess>,
  purchase: WorkersPurchase,
  order: Order,
  { carrier, trackingNumber }: { carrier: string; trackingNumber: string },
): Promise<Told> {
  const lines = (order.line_items ?? []).filter((line) => purchase.line_item_ids.includes(line.id));
  const packageId = lines.find((line) => line.package_id)?.package_id || null;
  // An answer was lost: TikTok has it.
  if (lines.length > 0 && lines.every((line) => line.tracking_number === trackingNumber)) {
    return { packageId, warning: null };
  }
  const providers = await getShippingProviders(tiktok, access, order.delivery_option_id || "0");
  const provider = findShippingProvider(carrier, providers);
  if (provider === undefined) {
    throw new TikTokError(`TikTok has no shipping provider for ${carrier}`);
  }
  const tracking: OwnTracking = {
    tracking_number: trackingNumber,
    shipping_provider_id: provider.id,
  };
  // A label that was voided since has told TikTok of another number.
  if (packageId !== null && lines.some((line) => line.tracking_number)) {
    await updateShippingInfo(tiktok, access, packageId, tracking);
    return { packageId, warning: null };
  }
  if (packageId !== null && !MARKED.has(purchase.order.shop?.region ?? "US")) {
    await shipPackage(tiktok, access, packageId, tracking);
    return { packageId, warning: null };
  }
  const marked = await markPackageAsShipped(tiktok, access, order.id, {
    ...tracking,
    order_line_item_ids: purchase.line_item_ids,
  });
  return { packageId: marked.package_id ?? null, warning: marked.warning?.message ?? null };
}
