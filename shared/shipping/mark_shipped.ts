/** Notifies TikTok of a label that it did not sell, or of an own number: afterwards the order counts as shipped. */
import { callFunction } from "../database/call_function.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import type { ShopAccess } from "../tiktok/api/client.ts";
import { TikTokError } from "../tiktok/api/errors.ts";
import {
  markPackageAsShipped,
  type OwnTracking,
  shipPackage,
  updateShippingInfo,
} from "../tiktok/api/fulfillment.ts";
import type { ShippingProvider } from "../tiktok/api/fulfillment_schemas.ts";
import type { LineItem, Order } from "../tiktok/api/schemas.ts";
import { isCancelled } from "../tiktok/orders/map_order_items.ts";
import { ShopConnection } from "../tiktok/connections/shop_connection.ts";
import { Nothing } from "../values/schemas.ts";
import { findNamedProvider, findShippingProvider, isRefusedCarrier } from "./carriers.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { LabelError } from "./errors.ts";
import { toOwnRefusal } from "./own_refusals.ts";
import type { TikTokNotification } from "./purchases.ts";
import type { OrderInParcel, ParcelForWorker } from "./schemas.ts";
import { listShippingProviders, readOrderAtTikTok } from "./shipping_providers.ts";

/** Where TikTok has Mark Package As Shipped; elsewhere Ship Package takes the tracking number. */
const MARKED = new Set(["US", "GB", "DE", "FR", "IT", "ES", "IE", "JP"]);

const IN_USE = ["purchased", "void_rejected"];

interface NumberedParcel {
  parcel: ParcelForWorker;
  /** EasyPost's name of the carrier, or TikTok's for an own number. */
  carrier: string;
  trackingNumber: string;
}

interface ParcelOfOrder extends NumberedParcel {
  /** At TikTok. */
  order: Order;
  /** The order's part in the parcel. */
  part: OrderInParcel;
}

/** MARK_SHIPPED: a refusal never undoes a purchase; it is stored with the shipment and tried again. */
export async function markShipped(
  dependencies: LabelDependencies,
  event: ClaimedEvent,
): Promise<EventResult> {
  const parcel = await dependencies.purchases.getParcel(event.object_id ?? "");
  if (parcel === undefined || !IN_USE.includes(parcel.state)) {
    return { ignored: "label_not_in_use" };
  }
  const { carrier, tracking_number, tiktok_notified_at } = parcel.shipment;
  if (tiktok_notified_at !== null) return { ignored: "tiktok_already_notified" };
  if (parcel.order.shop === null) return { ignored: "shop_not_connected" };
  if (tracking_number === null) return { ignored: "no_tracking_number" };

  const numbered = { parcel, carrier: carrier ?? "", trackingNumber: tracking_number };
  let notification: TikTokNotification | null;
  try {
    notification = await new ShopConnection(dependencies, parcel.order.shop)
      .call((access) => notifyForEachOrder(dependencies, access, numbered));
  } catch (error) {
    return await recordFailure(dependencies, parcel, event, error);
  }
  if (notification === null) return { ignored: "units_cancelled" };
  await recordAcceptance(dependencies, parcel, event, notification);
  return { outcome: "notified" };
}

async function settleOwn(
  { database }: LabelDependencies,
  { id, attempt }: ParcelForWorker,
  answer: object,
  eventId?: number,
): Promise<void> {
  const args = { p_shipment_id: id, p_attempt: attempt, p_answer: { ...answer } };
  const wanted = { ...args, ...(eventId !== undefined && { p_event_id: eventId }) };
  await callFunction(database, "settle_own_notification", wanted, Nothing);
}

async function recordAcceptance(
  dependencies: LabelDependencies,
  parcel: ParcelForWorker,
  { event_id }: ClaimedEvent,
  notification: TikTokNotification,
): Promise<void> {
  if (parcel.provider === "own") {
    const { packageId = null, warning = null } = notification;
    return await settleOwn(dependencies, parcel, { package_id: packageId, warning }, event_id);
  }
  await dependencies.purchases.recordTikTokNotification(parcel.id, notification, event_id);
}

/** Settles the event of an own number that TikTok refused for good. @throws {unknown} the error, to try again */
async function recordFailure(
  dependencies: LabelDependencies,
  parcel: ParcelForWorker,
  { event_id, claim }: ClaimedEvent,
  error: unknown,
): Promise<EventResult> {
  if (parcel.provider === "own") {
    const refusal = toOwnRefusal(error, claim);
    const isFinal = refusal.code !== undefined;
    await settleOwn(dependencies, parcel, refusal, isFinal ? event_id : undefined);
    if (isFinal) return { outcome: "number_refused", more: true };
    throw error;
  }
  if (!(error instanceof TikTokError)) throw error;
  // For the seller: TikTok's code and message, without the path of the call.
  const message = error.message.replace(/ \([^()]*\)$/, "");
  await dependencies.purchases.recordTikTokNotification(parcel.id, { error: message });
  throw error;
}

/** A repetition skips the orders for which TikTok has the number already. */
async function notifyForEachOrder(
  dependencies: LabelDependencies,
  access: Required<ShopAccess>,
  numbered: NumberedParcel,
): Promise<TikTokNotification | null> {
  let first: TikTokNotification | null = null;
  for (const part of numbered.parcel.orders) {
    const order = await readOrderAtTikTok(dependencies, access, part.tiktok_order_id);
    const notification = await notifyTikTok(dependencies, access, { ...numbered, order, part });
    first ??= notification;
  }
  return first;
}

/** @throws {TikTokError} or, for an own number, {LabelError} */
async function chooseProvider(
  dependencies: LabelDependencies,
  access: Required<ShopAccess>,
  { parcel, order, carrier }: ParcelOfOrder,
): Promise<ShippingProvider> {
  const route = { region: parcel.order.shop?.region, origin: parcel.sender?.country };
  const providers = await listShippingProviders(dependencies, access, order, route);
  const isOwn = parcel.provider === "own";
  const find = isOwn ? findNamedProvider : findShippingProvider;
  const provider = find(carrier, providers);
  const text = `TikTok has no shipping provider for ${carrier}`;
  if (provider === undefined) {
    throw isOwn
      ? new LabelError("carrier_unknown", { cause: new Error(text) })
      : new TikTokError(text);
  }
  // The seller's request could not check it while TikTok was unreachable.
  if (isOwn && isRefusedCarrier(provider.name, parcel.refused_carriers)) {
    throw new LabelError("carrier_not_accepted");
  }
  return provider;
}

/** `null` if every unit of the order in the parcel was cancelled since. */
async function notifyTikTok(
  dependencies: LabelDependencies,
  access: Required<ShopAccess>,
  wanted: ParcelOfOrder,
): Promise<TikTokNotification | null> {
  const { tiktok } = dependencies;
  const { parcel, order, part: { line_item_ids: lineItemIds }, trackingNumber } = wanted;
  const units = (order.line_items ?? []).filter(({ id }) => lineItemIds.includes(id));
  const lines = units.filter((line) => !isCancelled(line));
  if (order.status === "CANCELLED" || units.length > 0 && lines.length === 0) return null;
  const packageId = lines.find((line) => line.package_id)?.package_id || null;
  // The answer to an earlier call was lost: TikTok has the number.
  if (haveTrackingNumber(lines, trackingNumber)) return { packageId };

  const provider = await chooseProvider(dependencies, access, wanted);
  const tracking: OwnTracking = {
    tracking_number: trackingNumber,
    shipping_provider_id: provider.id,
  };
  // TikTok has the number of another label, which was voided since, or the one that the seller corrects.
  if (packageId !== null && lines.some((line) => line.tracking_number)) {
    if (isShippedElsewhere(wanted, lines)) throw new LabelError("already_shipped");
    await updateShippingInfo(tiktok, access, packageId, tracking);
    return { packageId };
  }
  if (packageId !== null && !MARKED.has(parcel.order.shop?.region ?? "US")) {
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

/** An own number never replaces one that the seller gave TikTok in Seller Center, unless as a correction. */
function isShippedElsewhere({ parcel, part }: ParcelOfOrder, lines: LineItem[]): boolean {
  return parcel.provider === "own" && parcel.attempt === 1 &&
    lines.some(({ tracking_number }) =>
      tracking_number && !part.tracking_numbers.includes(tracking_number)
    );
}
