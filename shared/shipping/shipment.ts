/** A label and its parcel as sellers see them. */
import * as z from "zod/mini";

export const ProviderName = z.enum(["tiktok_shipping", "easypost"]);
export type ProviderName = z.infer<typeof ProviderName>;

/** Source of a label; `own`: the seller bought it elsewhere. */
export const ParcelProvider = z.enum([...ProviderName.options, "own"]);
export type ParcelProvider = z.infer<typeof ParcelProvider>;

export const LabelFormat = z.enum(["PDF", "PNG", "ZPL"]);
export type LabelFormat = z.infer<typeof LabelFormat>;

/** States of a purchase: docs/labels.md. */
export const PurchaseState = z.enum([
  "requested",
  "purchasing",
  "purchased",
  "failed",
  "unknown",
  "void_requested",
  "voided",
  "void_rejected",
]);

/** States of a parcel, `shipments.status`: docs/labels.md. */
export const ShipmentStatus = z.enum([
  "created",
  "purchased",
  "in_transit",
  "available_for_pickup",
  "out_for_delivery",
  "failed",
  "delivered",
  "returned",
  "voided",
]);

/** A label and its parcel as sellers see them: docs/labels.md. Amounts are decimal strings. */
export const Shipment = z.object({
  id: z.uuid(),
  order_id: z.uuid(),
  /** Every order in the parcel, `order_id` first. */
  order_ids: z.array(z.uuid()),
  state: PurchaseState,
  reason: z.nullable(z.string()),
  provider: ParcelProvider,
  carrier: z.nullable(z.string()),
  service_type: z.nullable(z.string()),
  tracking_number: z.nullable(z.string()),
  label_url: z.nullable(z.string()),
  label_expires_at: z.nullable(z.string()),
  /** `null` for an own tracking number. */
  label_format: z.nullable(LabelFormat),
  shipping_cost: z.nullable(z.string()),
  quoted_cost: z.nullable(z.string()),
  currency: z.nullable(z.string()),
  line_item_ids: z.array(z.string()),
  estimated_delivery: z.nullable(z.string()),
  status: z.nullable(ShipmentStatus),
  tiktok_notified_at: z.nullable(z.string()),
  tiktok_warning: z.nullable(z.string()),
  tiktok_error: z.nullable(z.string()),
  tiktok_error_code: z.nullable(z.string()),
  advice: z.nullable(z.enum(["void_advised", "stop_parcel"])),
  advice_reason: z.nullable(
    z.enum(["labelled_twice", "order_cancelled", "unit_cancelled", "address_changed"]),
  ),
  advised_at: z.nullable(z.string()),
  created_at: z.string(),
  updated_at: z.string(),
});
export type Shipment = z.infer<typeof Shipment>;
