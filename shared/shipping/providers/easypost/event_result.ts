/** What EasyPost events are about: trackers, refunds, and what a carrier charges after the purchase. */
import * as z from "zod/mini";
import { CurrencyCode, IdText } from "../../../values/schemas.ts";
import type { EasyPostEvent } from "./parse_webhook.ts";
import { Tracker } from "./schemas.ts";

const Refund = z.looseObject({ shipment_id: IdText });

/** `undefined` for events about something else. */
export function trackerOf({ description, result }: EasyPostEvent): Tracker | undefined {
  return description.startsWith("tracker.") ? Tracker.safeParse(result).data : undefined;
}

/** EasyPost's id of the shipment whose refund was decided; `undefined` for other events. */
export function refundedShipmentOf({ description, result }: EasyPostEvent): string | undefined {
  return description.startsWith("refund.") ? Refund.safeParse(result).data?.shipment_id : undefined;
}

const Amount = z.pipe(
  z.pipe(z.union([z.string(), z.number()]), z.transform(String)),
  z.string().check(z.regex(/^-?\d{1,9}(\.\d+)?$/)),
);

/** EasyPost describes it in its help centre ("Shipment Invoices"), not in its reference. */
const ShipmentInvoice = z.looseObject({
  id: IdText,
  shipment_id: IdText,
  /** "1.60000"; below 0 if it is paid back, null if the price was right. */
  adjustment_amount: z.nullish(Amount),
  invoice_currency: z.nullish(CurrencyCode),
});

/** Amount that a carrier charges or pays back after the purchase. Amounts are decimal strings in major units. */
export interface Adjustment {
  /** EasyPost's ids. */
  invoiceId: string;
  shipmentId: string;
  amount: string;
  currency: string;
}

/** `undefined` for events about something else. @throws {ZodError} if it is not readable: it is about money */
export function adjustmentOf({ description, result }: EasyPostEvent): Adjustment | undefined {
  if (!description.startsWith("shipment.invoice.")) return undefined;
  const { id, shipment_id, adjustment_amount, invoice_currency } = ShipmentInvoice.parse(result);
  return {
    invoiceId: id,
    shipmentId: shipment_id,
    amount: adjustment_amount ?? "0",
    currency: invoice_currency ?? "USD",
  };
}
