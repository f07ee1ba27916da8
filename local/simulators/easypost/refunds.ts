/** Refunds of labels: asked for by the caller, settled by the carrier. */
import { refusals } from "./errors.ts";
import { newId, timestamp } from "./ids.ts";
import type { Behaviour, RefundStatus } from "./options.ts";
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

/** A refund that was rejected may be asked for again. @throws {EasyPostRefusal} */
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

/** The carrier decides. Only what was submitted can be settled. @throws {Error} */
export function settledRefund(
  shipment: SimulatedShipment,
  status: "refunded" | "rejected",
  options: Pick<RefundOptions, "state" | "now">,
): SimulatedShipment {
  if (shipment.refund?.status !== "submitted") {
    throw new Error(`No refund of ${shipment.id} was submitted`);
  }
  return withRefund(shipment, status, options);
}

/** The Refund object of a shipment, as the event tells it. */
export function viewRefund({ id, purchase, refund }: SimulatedShipment): Record<string, unknown> {
  return {
    id: refund?.id,
    object: "Refund",
    created_at: refund?.createdAt,
    updated_at: refund?.updatedAt,
    tracking_code: purchase?.trackingCode,
    confirmation_number: null,
    status: refund?.status,
    carrier: purchase?.rate.carrier,
    shipment_id: id,
  };
}
