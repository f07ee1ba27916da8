/**
 * EasyPost's answers, as far as we read them (API v2). New fields and values come without notice: only
 * what a label cannot do without is required, and unknown states are not errors.
 */
import * as z from "zod/mini";
import { elementsOf } from "../../../values/elements.ts";
import {
  Amount,
  CarrierDays,
  CurrencyCode,
  IdText,
  OptionalText,
  withFallback,
} from "../../../values/schemas.ts";
import { toStorable } from "../../../values/storable_text.ts";
import { redact } from "../../../values/redact.ts";

const RequiredText = z.pipe(
  z.pipe(z.string(), z.transform(toStorable)),
  z.string().check(z.minLength(1)),
);

const Rate = z.looseObject({
  id: IdText,
  carrier: RequiredText,
  service: RequiredText,
  rate: Amount,
  currency: CurrencyCode,
  delivery_days: CarrierDays,
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
  /** Reports of the carrier, oldest first. */
  tracking_details: withFallback(
    z.optional(
      elementsOf(
        z.looseObject({ status: OptionalText, datetime: OptionalText }),
        "EasyPost tracking details",
      ),
    ),
    undefined,
  ),
});
export type Tracker = z.infer<typeof Tracker>;

/** The answer to a call about a tracker. */
export const FoundTracker = z.extend(Tracker, { id: z.string().check(z.minLength(1)) });
export type FoundTracker = z.infer<typeof FoundTracker>;

/** Why a carrier offers no rates, in its own words. */
const RateMessage = z.looseObject({
  carrier: OptionalText,
  message: OptionalText,
});

export const Shipment = z.looseObject({
  id: IdText,
  rates: elementsOf(Rate, "EasyPost rates"),
  messages: withFallback(elementsOf(RateMessage, "EasyPost messages"), []),
  selected_rate: withFallback(z.nullish(Rate), null),
  postage_label: z.nullish(z.looseObject({
    label_url: OptionalText,
    label_pdf_url: OptionalText,
    label_zpl_url: OptionalText,
    label_file_type: OptionalText,
  })),
  tracking_code: OptionalText,
  tracker: withFallback(z.nullish(Tracker), null),
  fees: withFallback(
    elementsOf(z.looseObject({ type: OptionalText, amount: Amount }), "EasyPost fees"),
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

/** EasyPost writes words as a text, or as texts in lists and objects, by field. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

export const ErrorBody = z.looseObject({
  error: z.pipe(
    z.looseObject({
      // A code that is a sentence is none.
      code: withFallback(z.string().check(z.regex(/^[A-Z][A-Z0-9_.]{0,99}$/)), ""),
    }),
    z.transform(({ code, message, errors }) => ({
      code,
      words: redact([...textsOf(message), ...textsOf(errors)].join(" ")),
    })),
  ),
});
