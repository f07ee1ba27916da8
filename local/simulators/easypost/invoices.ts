/** What a carrier charges, or pays back, after it measured a parcel. */
import { centsOf, feeAmount, newId, timestamp } from "./ids.ts";
import type { Mode, ShipmentInvoice } from "./objects.ts";
import type { EasyPostState, SimulatedShipment } from "./state.ts";

/** Stores the adjustment in place of an earlier one. @throws {Error} unless the label was bought */
export function adjustShipment(
  shipment: SimulatedShipment,
  adjustmentCents: number,
  { state, now }: { state: EasyPostState; now: () => number },
): SimulatedShipment {
  if (shipment.purchase === null) throw new Error(`Shipment ${shipment.id} has no label`);
  const id = shipment.invoice?.id ?? newId("shpinv");
  const adjusted = {
    ...shipment,
    updatedAt: timestamp(now()),
    invoice: { id, adjustmentCents },
  };
  state.put("shipments", shipment.id, adjusted);
  return adjusted;
}

/** The object of an event. @throws {Error} unless the shipment has an invoice */
export function describeInvoice(
  { id, purchase, invoice }: SimulatedShipment,
  mode: Mode,
): ShipmentInvoice {
  if (purchase === null || invoice === null) throw new Error(`Shipment ${id} has no invoice`);
  const { rate, trackingCode } = purchase;
  const paid = centsOf(rate.rate);
  return {
    id: invoice.id,
    object: "ShipmentInvoice",
    mode,
    status: "processed",
    shipment_id: id,
    tracking_code: trackingCode,
    carrier: rate.carrier,
    quoted_amount: rate.rate,
    quoted_currency: rate.currency,
    initially_paid_amount: feeAmount(paid),
    adjustment_reason: "Weight",
    adjustment_amount: feeAmount(invoice.adjustmentCents),
    invoice_type: "adjustment",
    invoice_amount: feeAmount(invoice.adjustmentCents),
    invoice_currency: rate.currency,
    total_cost: feeAmount(paid + invoice.adjustmentCents),
  };
}
