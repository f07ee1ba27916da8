/** Shapes of orders and purchases as the database returns them. */
import * as z from "zod/mini";
import { StoredConnection } from "../inbox/events.ts";
import type { ShippingAddress } from "../tiktok/orders/map_address.ts";
import { Parcel } from "./parcel.ts";
import { Sender } from "./sender.ts";
import { LabelFormat, ParcelProvider, ProviderName, Shipment } from "./shipment.ts";

/** `private.order_to_ship` in SQL. */
export const OrderToShip = z.object({
  id: z.uuid(),
  tiktok_order_id: z.string(),
  shipping_type: z.nullable(z.string()),
  /** `{}` if the order has none. */
  shipping_address: z.custom<Partial<ShippingAddress>>((value) => value instanceof Object),
  /** Every unit of the order that is not cancelled. */
  line_item_ids: z.array(z.string()),
  cancelled_line_item_ids: z.array(z.string()),
  /** The live connection; `null` if the shop is not connected. */
  shop: z.nullable(z.extend(StoredConnection, {
    /** Two letters; old connections may lack it. */
    region: z.nullable(z.string()),
  })),
  /** The sender's address that the shop used last. */
  sender: z.nullable(Sender),
  /** Tracking numbers of the order's labels that were bought here, voided labels included. */
  tracking_numbers: z.array(z.string()),
  /** Changes with a readable address; `null` without one. */
  address_digest: z.nullable(z.string()),
});
export type OrderToShip = z.infer<typeof OrderToShip>;

/** `private.orders_in_parcel` in SQL. */
export const OrderInParcel = z.object({
  id: z.uuid(),
  tiktok_order_id: z.string(),
  /** TikTok's group of combined orders, in the United States. */
  combine_group_id: z.nullable(z.string()),
  /** Its units in the parcel. */
  line_item_ids: z.array(z.string()),
  /** Those of them that another label has: this one was sold after its purchase had failed. */
  labelled_elsewhere: z.array(z.string()),
  tracking_numbers: z.array(z.string()),
});
export type OrderInParcel = z.infer<typeof OrderInParcel>;

/** `private.purchase_for_worker` in SQL. Amounts are decimal strings in major units. */
export const Purchase = z.object({
  id: z.uuid(),
  attempt: z.int(),
  state: z.string(),
  provider: ProviderName,
  line_item_ids: z.array(z.string()),
  parcel: Parcel,
  sender: z.nullable(Sender),
  /** The provider's id of a service; "cheapest", or "default". */
  service: z.string(),
  label_format: LabelFormat,
  carrier_shipment_id: z.nullable(z.string()),
  carrier_rate_id: z.nullable(z.string()),
  quoted_cost: z.nullable(z.string()),
  currency: z.nullable(z.string()),
  tiktok_package_id: z.nullable(z.string()),
  /** Carriers that may not be used: plain beginnings of names. */
  refused_carriers: z.array(z.string()),
  /** The requested order: the address and the shop are its own. */
  order: OrderToShip,
  /** Every order in the parcel, the requested one first; several that TikTok combined. */
  orders: z.array(OrderInParcel).check(z.minLength(1)),
});
export type Purchase = z.infer<typeof Purchase>;

export const PurchaseForWorker = z.extend(Purchase, {
  /** Whether its worker must have died. */
  abandoned: z.boolean(),
  /** Since the last change of its state. */
  seconds: z.int(),
  shipment: Shipment,
});
export type PurchaseForWorker = z.infer<typeof PurchaseForWorker>;

/** A parcel whose number TikTok is notified of: an EasyPost label, or an own tracking number. */
export const ParcelForWorker = z.extend(
  z.pick(Purchase, {
    ...{ id: true, attempt: true, state: true, sender: true, refused_carriers: true },
    ...{ order: true, orders: true },
  }),
  { provider: ParcelProvider, shipment: Shipment },
);
export type ParcelForWorker = z.infer<typeof ParcelForWorker>;

/** A seller's request for a label: the argument `p_request` of `request_label`. */
export interface LabelRequest {
  order_id: string;
  /** Every order of a combined parcel. */
  order_ids?: string[];
  parcel: Parcel;
  label_format: string;
  provider?: string;
  rate_id?: string;
  service?: string;
  line_item_ids?: string[];
  sender?: Sender;
}
