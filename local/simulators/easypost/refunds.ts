/** Refunds of labels: requested by the caller, decided by the carrier. */
import type { Behaviour, RefundStatus } from "./behaviour.ts";
import { refusals } from "./errors.ts";
import { newId, timestamp } from "./ids.ts";
import type { Refund } from "./objects.ts";
import type { EasyPostState, SimulatedShipment } from "./state.ts";
import { isScanned } from "./trackers.ts";

export interface RefundOptions {
  state: EasyPostState;
  behaviour: Behaviour;
  /** Milliseconds since 1970. */
  now: () => number;
}

function withRefund(
  shipment: SimulatedShipment,
  status: RefundStatus,
  { state, now }: Pick<RefundOptions, "state" | "now">,
): SimulatedShipment {
  const { purchase, refund } = shipment;
  const at = timestamp(now());
  const changed: SimulatedShipment = {
    ...shipment,
    updatedAt: at,
    purchase: purchase && {
      ...purchase,
      fees: purchase.fees.map((fee) => ({ ...fee, refunded: status === "refunded" })),
    },
    refund: {
      id: refund?.id ?? newId("rfnd"),
      status,
      createdAt: refund?.createdAt ?? at,
      updatedAt: at,
    },
  };
  state.put("shipments", shipment.id, changed);
  return changed;
}

/** A rejected refund may be requested again. @throws {EasyPostRefusal} */
export function requestRefund(
  shipment: SimulatedShipment,
  options: RefundOptions,
): SimulatedShipment {
  const { state, behaviour } = options;
  if (shipment.purchase === null) throw refusals.refund("The shipment has no postage label.");
  const earlier = shipment.refund?.status;
  if (earlier === "submitted" || earlier === "refunded") {
    throw refusals.refund("A refund was already requested.");
  }
  if (isScanned(state.get("trackers", shipment.purchase.trackerId))) {
    if (behaviour.lateRefund === "refused") throw refusals.refund("The parcel has been shipped.");
    return withRefund(shipment, "rejected", options);
  }
  return withRefund(shipment, behaviour.refundStatus, options);
}

/** The carrier decides about a refund. @throws {Error} unless it is `submitted`. */
export function settleRefund(
  shipment: SimulatedShipment,
  status: "refunded" | "rejected",
  options: Pick<RefundOptions, "state" | "now">,
): SimulatedShipment {
  if (shipment.refund?.status !== "submitted") {
    throw new Error(`Shipment ${shipment.id} has no submitted refund`);
  }
  return withRefund(shipment, status, options);
}

/** The Refund object of an event. @throws {Error} unless a refund was requested. */
export function describeRefund(
  { id, purchase, refund }: SimulatedShipment,
): Refund {
  if (purchase === null || refund === null) throw new Error(`Shipment ${id} has no refund`);
  return {
    id: refund.id,
    object: "Refund",
    created_at: refund.createdAt,
    updated_at: refund.updatedAt,
    tracking_code: purchase.trackingCode,
    confirmation_number: null,
    status: refund.status,
    carrier: purchase.rate.carrier,
    shipment_id: id,
  };
}
