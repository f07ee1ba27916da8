/**
 * EasyPost's answers, as far as we read them (API v2). New fields and values come without notice: only
 * what a label cannot do without is required, and unknown states are not errors.
 */
import * as z from "zod";
import { elementsOf } from "../../../values/elements.ts";
import { Amount, IdText, OptionalText } from "../../../values/schemas.ts";
import { toStorable } from "../../../values/storable_text.ts";
import { redact } from "../../../values/redact.ts";

const RequiredText = z.string().transform(toStorable).pipe(z.string().min(1));

const Rate = z.looseObject({
  id: IdText,
  carrier: RequiredText,
  service: RequiredText,
  rate: Amount,
  currency: z.string().regex(/^[A-Z]{3}$/),
  delivery_days: z.int().nonnegative().nullish().catch(null),
});
export type EasyPostRate = z.infer<typeof Rate>;

export const Tracker = z.looseObject({
  id: OptionalText,
  tracking_code: OptionalText,
  carrier: OptionalText,
  status: OptionalText,
  est_delivery_date: OptionalText,
  shipment_id: OptionalText,
  updated_at: OptionalText,
});
export type Tracker = z.infer<typeof Tracker>;

/** The answer to a call about a tracker. */
export const FoundTracker = Tracker.extend({ id: z.string().min(1) });
export type FoundTracker = z.infer<typeof FoundTracker>;

export const Shipment = z.looseObject({
  id: IdText,
  rates: elementsOf(Rate, "EasyPost rates"),
  selected_rate: Rate.nullish().catch(null),
  postage_label: z.looseObject({
    label_url: OptionalText,
    label_pdf_url: OptionalText,
    label_zpl_url: OptionalText,
    label_file_type: OptionalText,
  }).nullish(),
  tracking_code: OptionalText,
  tracker: Tracker.nullish().catch(null),
  fees: elementsOf(z.looseObject({ type: OptionalText, amount: Amount }), "EasyPost fees").catch(
    [],
  ),
  refund_status: OptionalText,
});
export type Shipment = z.infer<typeof Shipment>;

/** A webhook of the account. EasyPost switches one off whose receiver fails for long. */
export const Webhook = z.looseObject({
  id: IdText,
  url: z.string(),
  /** `test` or `production`. */
  mode: OptionalText,
  /** `null` unless it is switched off. */
  disabled_at: OptionalText,
});
export type Webhook = z.infer<typeof Webhook>;

export const WebhookList = z.looseObject({ webhooks: elementsOf(Webhook, "EasyPost webhooks") });

export const ErrorBody = z.looseObject({
  error: z.looseObject({
    // A code that is a sentence is none.
    code: z.string().regex(/^[A-Z][A-Z0-9_.]{0,99}$/).catch(""),
    message: z.string().transform(redact).catch(""),
  }),
});
