/** The interface of label providers. Amounts are decimal strings in major units. */
import type { Parcel } from "../parcel.ts";
import type { OrderToShip, Purchase } from "../schemas.ts";
import type { LabelFormat } from "../shipment.ts";
import type { Sender } from "../sender.ts";

export interface RatesRequest {
  parcel: Parcel;
  sender: Sender | null;
  lineItemIds: string[];
}

/** A price for a service. */
export interface Rate {
  carrier: string;
  /** The provider's id of the service. */
  service: string;
  service_name: string;
  /** `null` where TikTok states the price only after the purchase. */
  price: string | null;
  /** ISO 4217. */
  currency: string | null;
  days_min: number | null;
  days_max: number | null;
  /** Whether TikTok takes this service if the seller makes no choice. */
  is_default: boolean;
  carrier_shipment_id: string | null;
  carrier_rate_id: string | null;
}

/** The service that will be bought; it is stored before the purchase. */
export interface Choice {
  service: string;
  carrier_shipment_id: string | null;
  carrier_rate_id: string | null;
  quoted_cost: string | null;
  currency: string | null;
}

export interface PreparedChoice extends Choice {
  /** `null` for a TikTok rate, whose carrier was checked when the seller chose it. */
  carrier: string | null;
}

export interface LabelDocument {
  label_url: string;
  /** ISO 8601; `null` if the link never expires. */
  label_expires_at: string | null;
  label_format: LabelFormat;
  tracking_number: string | null;
}

/** A label that was bought; `label_url` is `null` while the provider is drawing it. */
export interface BoughtLabel extends Omit<LabelDocument, "label_url"> {
  carrier: string;
  service_type: string;
  label_url: string | null;
  /** The charged amount; `null` where the provider does not state it. */
  shipping_cost: string | null;
  currency: string | null;
  /** ISO 8601 date. */
  estimated_delivery: string | null;
  tiktok_package_id: string | null;
}

export interface VoidDecision {
  state: "voided" | "void_rejected" | "void_requested";
  /** Code: why the label is not voided, or how the void is settled. */
  reason: string | null;
}

/** Values of `shipments.status` that a carrier reports. */
export type ParcelStatus =
  | "purchased"
  | "in_transit"
  | "available_for_pickup"
  | "out_for_delivery"
  | "failed"
  | "delivered"
  | "returned";

export interface TrackingUpdate {
  /** `null` if the update does not state it. */
  status: ParcelStatus | null;
  /** ISO 8601 date. */
  estimated_delivery: string | null;
  /** The carrier's time of the update, ISO 8601. */
  updated_at: string | null;
  /** When the carrier saw what the status says, ISO 8601; absent where it is unknown. */
  scanned_at?: string;
}

export interface LabelProvider {
  /** @throws {LabelError} */
  rates(order: OrderToShip, request: RatesRequest): Promise<Rate[]>;
  /** Determines the service, its price and the carrier's own id, without spending money. @throws {LabelError} */
  prepare(purchase: Purchase): Promise<PreparedChoice>;
  /** Spends money, once. @throws {LabelError} whose `bought` says whether a label may have been bought */
  buy(purchase: Purchase, choice: Choice): Promise<BoughtLabel>;
  /** Reads the label at the carrier; `undefined` if this purchase bought none. @throws {LabelError} */
  find(purchase: Purchase): Promise<BoughtLabel | undefined>;
  /** Reads a fresh link. @throws {LabelError} */
  label(purchase: Purchase): Promise<LabelDocument>;
  /** Requests the void unless it was requested before, and returns its state. @throws {LabelError} */
  void(purchase: Purchase): Promise<VoidDecision>;
  /** @throws {LabelError} */
  track(purchase: Purchase): Promise<TrackingUpdate>;
}
