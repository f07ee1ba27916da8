/** What every provider of labels can do, and the shapes that go in and out. */
import * as z from "zod";
import { Parcel } from "./parcel.ts";
import { Sender } from "./sender.ts";

export const ProviderName = z.enum(["tiktok_shipping", "easypost"]);
export type ProviderName = z.infer<typeof ProviderName>;

export const LabelFormat = z.enum(["PDF", "PNG", "ZPL"]);
export type LabelFormat = z.infer<typeof LabelFormat>;

/** The database's `private.order_to_ship`. */
export const OrderToShip = z.object({
  id: z.uuid(),
  tiktok_order_id: z.string(),
  shipping_type: z.string().nullable(),
  /** `ShippingAddress`, or `{}`. */
  shipping_address: z.record(z.string(), z.unknown()),
  /** Every unit of the order. */
  line_item_ids: z.array(z.string()),
  /** Its live connection. */
  shop: z.object({
    id: z.string(),
    shop_id: z.string(),
    shop_cipher: z.string(),
    access_token: z.string(),
    token_version: z.int(),
    /** Two letters; old connections may lack it. */
    region: z.string().nullable(),
  }).nullable(),
  /** The sender's address that the shop used last. */
  sender: Sender.nullable(),
  /** Of its labels that were bought here, voided ones too. */
  tracking_numbers: z.array(z.string()),
});
export type OrderToShip = z.infer<typeof OrderToShip>;

/** The database's `private.purchase_for_worker`. Amounts are decimal strings in major units. */
export const Purchase = z.object({
  id: z.uuid(),
  attempt: z.int(),
  state: z.string(),
  provider: ProviderName,
  line_item_ids: z.array(z.string()),
  parcel: Parcel,
  sender: Sender.nullable(),
  /** The provider's id of a service; "cheapest", or "default". */
  service: z.string(),
  label_format: LabelFormat,
  carrier_shipment_id: z.string().nullable(),
  carrier_rate_id: z.string().nullable(),
  quoted_cost: z.string().nullable(),
  currency: z.string().nullable(),
  tiktok_package_id: z.string().nullable(),
  order: OrderToShip,
});
export type Purchase = z.infer<typeof Purchase>;

/** A price for a service. */
export interface Rate {
  carrier: string;
  /** The provider's id of the service. */
  service: string;
  service_name: string;
  /** Decimal in major units; `null` where TikTok tells it only afterwards. */
  price: string | null;
  /** ISO 4217. */
  currency: string | null;
  days_min: number | null;
  days_max: number | null;
  /** TikTok's choice, if the seller makes none. */
  is_default: boolean;
  carrier_shipment_id: string | null;
  carrier_rate_id: string | null;
}

/** What will be bought: stored before it is. */
export interface Choice {
  service: string;
  carrier_shipment_id: string | null;
  carrier_rate_id: string | null;
  quoted_cost: string | null;
  currency: string | null;
}

export interface LabelDocument {
  label_url: string;
  /** ISO 8601; `null` if the link does not end. */
  label_expires_at: string | null;
  label_format: LabelFormat;
  tracking_number: string | null;
}

/** A label that was bought; the provider may still be drawing it. */
export interface BoughtLabel extends Omit<LabelDocument, "label_url"> {
  carrier: string;
  service_type: string;
  label_url: string | null;
  /** What was charged; `null` where the provider does not say. */
  shipping_cost: string | null;
  currency: string | null;
  /** ISO 8601 date. */
  estimated_delivery: string | null;
  tiktok_package_id: string | null;
}

export interface VoidAnswer {
  state: "voided" | "void_rejected" | "void_requested";
  /** Code; why it is not voided, or what voiding it means. */
  reason: string | null;
}

/** `shipments.status`, from a carrier's news. */
export type ParcelStatus =
  | "purchased"
  | "in_transit"
  | "available_for_pickup"
  | "out_for_delivery"
  | "failed"
  | "delivered"
  | "returned";

export interface ParcelNews {
  /** `null` where the news say nothing of it. */
  status: ParcelStatus | null;
  /** ISO 8601 date. */
  estimated_delivery: string | null;
  /** The carrier's time of the news, ISO 8601. */
  updated_at: string | null;
}

export interface LabelProvider {
  /** @throws {LabelError} */
  rates(
    order: OrderToShip,
    request: { parcel: Parcel; sender: Sender | null; lineItemIds: string[] },
  ): Promise<Rate[]>;
  /**
   * Everything that must be there before money is spent: the service, its price, the carrier's own id.
   * @throws {LabelError}
   */
  prepare(purchase: Purchase): Promise<Choice>;
  /** Spends money, once. @throws {LabelError} whose `bought` tells whether it may have been. */
  buy(purchase: Purchase, choice: Choice): Promise<BoughtLabel>;
  /** Reads at the carrier; `undefined`: there is no label of this purchase. @throws {LabelError} */
  find(purchase: Purchase): Promise<BoughtLabel | undefined>;
  /** A fresh link. @throws {LabelError} */
  label(purchase: Purchase): Promise<LabelDocument>;
  /** Asks for it unless it was asked before, and says how it stands. @throws {LabelError} */
  void(purchase: Purchase): Promise<VoidAnswer>;
  /** @throws {LabelError} */
  track(purchase: Purchase): Promise<ParcelNews>;
}
