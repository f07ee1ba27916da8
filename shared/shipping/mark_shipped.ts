/** Notifies TikTok of a label that it did not sell, or of an own number: afterwards the order counts as shipped. */
import { callFunction } from "../database/call_function.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import { TikTokError } from "../tiktok/api/errors.ts";
import { ShopConnection } from "../tiktok/connections/shop_connection.ts";
import { Nothing } from "../values/schemas.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { notifyForEachOrder } from "./notify_tiktok.ts";
import { isNumberFinal, toOwnRefusal } from "./own_refusals.ts";
import type { TikTokNotification } from "./purchases.ts";
import type { ParcelForWorker } from "./schemas.ts";
import { waitForShop } from "./while_connected.ts";

const IN_USE = ["purchased", "void_rejected"];

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
  if (parcel.order.shop === null) return waitForShop(event);
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

/** Settles the event of a number that TikTok refused for good. @throws {unknown} the error, to try again */
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
  const isFinal = isNumberFinal(error);
  const refusal = { error: error.summary };
  await dependencies.purchases.recordTikTokNotification(
    parcel.id,
    refusal,
    isFinal ? event_id : undefined,
  );
  if (isFinal) return { outcome: "number_refused", more: true };
  throw error;
}
