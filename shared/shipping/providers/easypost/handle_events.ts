/** Handles EasyPost events: tracking updates, refunds, and what a carrier charges after the purchase. */
import * as z from "zod/mini";
import { callFunction } from "../../../database/call_function.ts";
import { type EventHandler, type EventResult, handleEach } from "../../../inbox/events.ts";
import { Outcome } from "../../../values/schemas.ts";
import type { LabelDependencies } from "../../dependencies.ts";
import { adoptLateLabel } from "../../adopt_late_label.ts";
import { checkVoid } from "../../void_label.ts";
import { type Adjustment, adjustmentOf, refundedShipmentOf, trackerOf } from "./event_result.ts";
import { type EasyPostEvent, parseEasyPostEvent } from "./parse_webhook.ts";
import type { Tracker } from "./schemas.ts";
import { toTrackingUpdate } from "./tracking.ts";

/** Types `tracker.*`, `refund.*` and `shipment.invoice.*`; ignores test events of a live key. */
export function easyPostHandler(dependencies: () => LabelDependencies): EventHandler {
  return handleEach(async ({ event_id, body }) => {
    const event = parseEasyPostEvent(body);
    const labels = dependencies();
    if (!labels.isEasyPostTest && event.mode === "test") return { ignored: "mode_mismatch" };
    const tracker = trackerOf(event);
    if (tracker !== undefined) return await applyTracker(labels, tracker, event_id);
    const adjustment = adjustmentOf(event);
    if (adjustment !== undefined) return await adjustCost(labels, adjustment, event, event_id);
    const refundedShipmentId = refundedShipmentOf(event);
    if (refundedShipmentId === undefined) return { ignored: "event_type_not_handled" };
    return await applyRefund(labels, refundedShipmentId, event_id);
  });
}

/** The id of our shipment; `null` for shipments of another system. */
async function findShipment(
  { database }: LabelDependencies,
  carrierShipmentId: string | null | undefined,
  trackingNumber: string | null | undefined,
): Promise<string | null> {
  const args = {
    p_carrier_shipment_id: carrierShipmentId ?? "",
    p_tracking_number: trackingNumber ?? "",
  };
  return await callFunction(database, "find_easypost_shipment", args, z.nullable(z.string()));
}

/** `undefined` for the tracker of a label. */
async function applyOwnTracker(
  { database }: LabelDependencies,
  tracker: Tracker,
  eventId: number,
): Promise<EventResult | undefined> {
  // EasyPost makes the tracker of a label together with the label.
  if (tracker.shipment_id || !tracker.id || !tracker.tracking_code) return undefined;
  const args = {
    p_event_id: eventId,
    p_tracker_id: tracker.id,
    p_tracking_number: tracker.tracking_code,
    p_update: toTrackingUpdate(tracker),
  };
  const applied = await callFunction(database, "apply_own_tracking", args, Outcome);
  return applied.outcome === "not_found" ? undefined : applied;
}

async function applyTracker(
  dependencies: LabelDependencies,
  tracker: Tracker,
  eventId: number,
): Promise<EventResult> {
  const own = await applyOwnTracker(dependencies, tracker, eventId);
  if (own !== undefined) return own;
  const id = await findShipment(dependencies, tracker.shipment_id, tracker.tracking_code) ??
    await adoptLateLabel(dependencies, tracker.shipment_id ?? "");
  if (id === null) return { ignored: "shipment_not_found" };
  const args = { p_event_id: eventId, p_shipment_id: id, p_update: toTrackingUpdate(tracker) };
  return await callFunction(dependencies.database, "apply_tracking", args, Outcome);
}

/** A hint: the state of the void is read from EasyPost. */
async function applyRefund(
  dependencies: LabelDependencies,
  carrierShipmentId: string,
  eventId: number,
): Promise<EventResult> {
  const id = await findShipment(dependencies, carrierShipmentId, null);
  if (id === null) return { ignored: "shipment_not_found" };
  const state = await checkVoid(dependencies, id, eventId);
  return state === undefined ? { ignored: "no_void_pending" } : { outcome: state };
}

/** EasyPost has no call that reads an invoice: its latest event counts. */
async function adjustCost(
  dependencies: LabelDependencies,
  { invoiceId, shipmentId, amount, currency }: Adjustment,
  { createdAt }: EasyPostEvent,
  eventId: number,
): Promise<EventResult> {
  const { database } = dependencies;
  const id = await findShipment(dependencies, shipmentId, null) ??
    await adoptLateLabel(dependencies, shipmentId);
  const at = createdAt ?? new Date().toISOString();
  const p_invoice = { id: invoiceId, shipment_id: shipmentId, amount, currency, at };
  const args = { p_event_id: eventId, p_invoice };
  // The platform's account pays it, although the seller has deleted theirs.
  if (id === null) return await callFunction(database, "record_unassigned_invoice", args, Outcome);
  const assigned = { ...args, p_shipment_id: id };
  return await callFunction(database, "adjust_label_cost", assigned, Outcome);
}
