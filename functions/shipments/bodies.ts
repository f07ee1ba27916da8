/** The bodies that `shipments` takes. */
import * as z from "zod/mini";
import { sha256Hex } from "../../shared/crypto/digests.ts";
import { Parcel } from "../../shared/shipping/parcel.ts";
import type { LabelRequest } from "../../shared/shipping/schemas.ts";
import { LabelFormat, ProviderName } from "../../shared/shipping/shipment.ts";
import { Sender } from "../../shared/shipping/sender.ts";
import { canonicalJson } from "../../shared/values/canonical_json.ts";
import { TikTokId } from "../../shared/values/schemas.ts";

const OrderId = z.uuid("the id of an order, as in the table orders");
const LineItemIds = z.array(TikTokId).check(
  z.minLength(1, "1 to 100 line items"),
  z.maxLength(100, "1 to 100 line items"),
  z.refine((ids) => new Set(ids).size === ids.length, "each line item once"),
);

/** Every order of a combined parcel; `order_id` may be among them. */
const OrderIds = z.array(OrderId).check(
  z.minLength(1, "1 to 50 orders"),
  z.maxLength(50, "1 to 50 orders"),
  z.refine((ids) => new Set(ids).size === ids.length, "each order once"),
);

export const RatesBody = z.pipe(
  z.strictObject({
    order_id: OrderId,
    order_ids: z.optional(OrderIds),
    parcel: Parcel,
    from: z.optional(Sender),
    line_item_ids: z.optional(LineItemIds),
  }),
  z.transform(({ from, ...wanted }) => ({ ...wanted, sender: from })),
);

const Label = z.strictObject({
  order_id: OrderId,
  order_ids: z.optional(OrderIds),
  parcel: Parcel,
  provider: z.optional(ProviderName),
  rate_id: z.optional(z.uuid("a rate_id that POST /shipments/rates gave")),
  service: z.optional(
    z.string("a service that POST /shipments/rates named, cheapest or default").check(
      z.minLength(1),
      z.maxLength(100),
    ),
  ),
  line_item_ids: z.optional(LineItemIds),
  label_format: z._default(LabelFormat, "PDF"),
  from: z.optional(Sender),
}).check(z.refine(({ rate_id, service }) => (rate_id === undefined) !== (service === undefined), {
  error: "either rate_id or service",
}));

export const LabelBody = z.pipe(
  Label,
  z.transform(({ from, ...label }) =>
    ({
      ...label,
      ...(from !== undefined && { sender: from }),
    }) as LabelRequest
  ),
);

const Tracking = z.strictObject({
  carrier: z.string("a carrier that GET /shipments/carriers lists: its name or id").check(
    z.trim(),
    z.minLength(1),
    z.maxLength(100),
  ),
  /** Without the spaces that carriers print between groups; in capitals, as carriers print it. */
  tracking_number: z.pipe(
    z.pipe(
      z.pipe(
        z.string("the carrier's number of the parcel"),
        z.transform((text) => text.replace(/\s/g, "")),
      ),
      z.string().check(z.regex(/^[A-Za-z0-9-]{4,50}$/, "4 to 50 letters, digits and hyphens")),
    ),
    z.transform((text) => text.toUpperCase()),
  ),
});

export const TrackingBody = Tracking;

export const OwnTrackingBody = z.extend(Tracking, {
  order_id: OrderId,
  line_item_ids: z.optional(LineItemIds),
});

export const BatchBody = z.strictObject({
  labels: z.array(LabelBody, "a list of labels, each as POST /shipments takes it").check(
    z.minLength(1, "1 to 100 labels"),
    z.maxLength(100, "1 to 100 labels"),
  ),
});

/** Equal for equal requests, in any order of their fields. */
export function hashRequest(body: unknown): string {
  return sha256Hex(canonicalJson(body));
}
