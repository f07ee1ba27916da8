/** Prices of labels, buying and voiding one. */
import type { Shipment } from "../../../../shared/shipping/shipment.ts";
import { callFunction } from "../call_function.ts";
import { supabase } from "../supabase.ts";
import { takeData } from "./take.ts";

export interface Parcel {
  length: string;
  width: string;
  height: string;
  dimension_unit: "in" | "cm";
  weight: string;
  weight_unit: "oz" | "lb" | "g" | "kg";
}

export interface Sender {
  name: string;
  phone: string;
  line1: string;
  city: string;
  state?: string;
  postal_code: string;
  country: string;
}

export interface Rate {
  rate_id: string;
  carrier: string;
  service_name: string;
  price: string;
  currency: string;
  days_min: number | null;
  days_max: number | null;
}

export interface LabelRequest {
  order_id: string;
  parcel: Parcel;
  /** Needed once; afterwards the shop's last one is used. */
  from?: Sender;
  /** Orders that TikTok ships in one parcel with this one. */
  order_ids?: string[];
}

/**
 * Whether rates need no sender's address: TikTok knows where its parcels come from, and a shop that has bought
 * a label before has an address. `sender_required` says so otherwise.
 * @throws {CallError}
 */
export async function hasSender(
  { shipping_type, tiktok_shop_id }: { shipping_type: string | null; tiktok_shop_id: string },
): Promise<boolean> {
  if (shipping_type === "TIKTOK") return true;
  const bought = await takeData(
    supabase.from("shipments").select("id, orders!inner(tiktok_shop_id)")
      .eq("provider", "easypost").eq("orders.tiktok_shop_id", tiktok_shop_id).limit(1),
  );
  return bought.length > 0;
}

/** Cheapest first. @throws {CallError} */
export async function getRates(request: LabelRequest): Promise<Rate[]> {
  return (await callFunction<{ rates: Rate[] }>("shipments/rates", { body: request })).rates;
}

/**
 * @param idempotencyKey The same one for each repetition: it never buys a second label.
 * @throws {CallError}
 */
export async function buyLabel(
  request: LabelRequest,
  rateId: string,
  idempotencyKey: string,
): Promise<Shipment> {
  const body = { ...request, rate_id: rateId, label_format: "PNG" };
  return await callFunction<Shipment>("shipments", { body, idempotencyKey });
}

/** A link that is valid for an hour at least. @throws {CallError} */
export async function getLabel(
  id: string,
): Promise<{ label_url: string | null; label_format: string | null }> {
  return await callFunction(`shipments/${id}/label`, { method: "GET" });
}

/** @throws {CallError} */
export async function voidLabel(id: string): Promise<Shipment> {
  return await callFunction<Shipment>(`shipments/${id}/void`);
}
