/** Handles our own events about labels; `object_id` is the shipment. */
import { callFunction } from "../database/call_function.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import { Outcome } from "../values/schemas.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { fetchLabel, hasLiveLink } from "./fetch_label.ts";
import { trackOwnNumber } from "./own_tracker.ts";
import { isUnsettled, reconcilePurchase } from "./reconcile_purchase.ts";
import { checkVoid } from "./void_label.ts";
import { LoggableError } from "../loggable_error.ts";

function shipmentIdOf(event: ClaimedEvent): string {
  return event.object_id ?? "";
}

/** SETTLE_LABEL: finds out whether a purchase of unknown outcome bought a label. */
export async function reconcileUnsettledPurchase(
  dependencies: LabelDependencies,
  event: ClaimedEvent,
): Promise<EventResult> {
  const purchase = await dependencies.purchases.getForWorker(shipmentIdOf(event));
  if (purchase === undefined || !isUnsettled(purchase)) return { ignored: "purchase_settled" };
  const shipment = await reconcilePurchase(dependencies, purchase, event.event_id);
  if (shipment === undefined) {
    return { error: new LoggableError("The outcome of the purchase is not certain yet") };
  }
  // A bought label stores another task.
  return { outcome: `label_${shipment.state}`, more: true };
}

/** FETCH_LABEL: stores the link to a label that was not ready when it was bought. */
export async function fetchMissingLabel(
  dependencies: LabelDependencies,
  event: ClaimedEvent,
): Promise<EventResult> {
  const purchase = await dependencies.purchases.getForWorker(shipmentIdOf(event));
  if (purchase?.state !== "purchased") return { ignored: "label_not_in_use" };
  if (hasLiveLink(purchase.shipment, Date.now())) return { ignored: "label_already_fetched" };
  await fetchLabel(dependencies, purchase.id, event.event_id);
  return { outcome: "label_fetched" };
}

/** CHECK_TRACKING: reads a parcel that has had no tracking update for long. */
export async function checkTracking(
  dependencies: LabelDependencies,
  event: ClaimedEvent,
): Promise<EventResult> {
  const { database, purchases, providers } = dependencies;
  const parcel = await purchases.getParcel(shipmentIdOf(event));
  if (parcel?.provider === "own") return await trackOwnNumber(dependencies, parcel.id, event);
  const purchase = await purchases.getForWorker(shipmentIdOf(event));
  if (purchase === undefined) return { ignored: "shipment_not_found" };
  const update = await providers[purchase.provider].track(purchase);
  const args = { p_event_id: event.event_id, p_shipment_id: purchase.id, p_update: update };
  return await callFunction(database, "apply_tracking", args, Outcome);
}

/** CHECK_VOID: reads the decision about a void. */
export async function checkPendingVoid(
  dependencies: LabelDependencies,
  event: ClaimedEvent,
): Promise<EventResult> {
  const state = await checkVoid(dependencies, shipmentIdOf(event), event.event_id);
  return state === undefined ? { ignored: "no_void_pending" } : { outcome: state };
}
