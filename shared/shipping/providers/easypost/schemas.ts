/**
 * What we read of EasyPost's answers (API v2). New fields and new words come without notice: only what a
 * label cannot do without is required, and unknown states are no errors.
 */
import * as z from "zod";
import { storable } from "../../../values/lossless_json.ts";

/** As Postgres can store it. */
const Words = z.string().transform(storable);
const Text = Words.nullish().catch(null);
/** A decimal string in major units, e.g. "5.12" or "5.12000". */
const Amount = z.string().regex(/^\d+(\.\d+)?$/);

const Rate = z.looseObject({
  id: z.string().min(1),
  carrier: Words.pipe(z.string().min(1)),
  service: Words.pipe(z.string().min(1)),
  rate: Amount,
  currency: z.string().regex(/^[A-Z]{3}$/),
  delivery_days: z.int().nonnegative().nullish().catch(null),
});
export type EasyPostRate = z.infer<typeof Rate>;

export const Tracker = z.looseObject({
  tracking_code: Text,
  carrier: Text,
  status: Text,
  est_delivery_date: Text,
  shipment_id: Text,
  updated_at: Text,
});
export type Tracker = z.infer<typeof Tracker>;

export const Shipment = z.looseObject({
  id: z.string().min(1),
  rates: z.array(z.unknown()).nullish().transform((rates) =>
    (rates ?? []).flatMap((rate) => Rate.safeParse(rate).data ?? [])
  ),
  selected_rate: Rate.nullish().catch(null),
  postage_label: z.looseObject({
    label_url: Text,
    label_pdf_url: Text,
    label_zpl_url: Text,
    label_file_type: Text,
  }).nullish(),
  tracking_code: Text,
  tracker: Tracker.nullish().catch(null),
  fees: z.array(z.looseObject({ type: Text, amount: Amount })).nullish().catch(
    null,
  ),
  refund_status: Text,
});
export type Shipment = z.infer<typeof Shipment>;

export const ErrorBody = z.looseObject({
  error: z.looseObject({ code: z.string().catch("") }),
});
