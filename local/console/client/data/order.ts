/** One order with everything that belongs to it, and its labels. */
import type { Shipment } from "../../../../shared/shipping/shipment.ts";
import { callFunction } from "../call_function.ts";
import { isRowId } from "../ids.ts";
import type { OrderEvent } from "../order_story.ts";
import { supabase } from "../supabase.ts";
import type { ListedOrder } from "./orders.ts";
import { takeData } from "./take.ts";

export interface Address {
  name?: string | null;
  phone?: string | null;
  line1?: string | null;
  line2?: string | null;
  city?: string | null;
  state?: string | null;
  postal_code?: string | null;
  country?: string | null;
}

export interface Order extends ListedOrder {
  tiktok_shop_id: string;
  shipping_type: string | null;
  shipping_cost: string;
  shipping_address: Address;
  address_status: string;
  fulfillment_type: string | null;
  combine_group_id: string | null;
  paid_at: string | null;
  auto_cancel_at: string | null;
  cancel_respond_by: string | null;
  cancel_reason: string | null;
  buyer_note: string | null;
  seller_note: string | null;
  tiktok_created_at: string | null;
  order_events: OrderEvent[];
}

const COLUMNS = `
  id, tiktok_order_id, tiktok_shop_id, order_status, payment_status, order_kind, total_amount::text,
  shipping_cost::text, currency, shipping_type, shipping_address, address_status, order_items,
  fulfillment_type, combine_group_id, paid_at, ship_by, auto_cancel_at, cancel_requested_at,
  cancel_respond_by, cancel_reason, buyer_note, seller_note, tiktok_created_at, created_at,
  tiktok_shops(shop_name, region),
  order_events(id, event_type, changes, happened_at)`;

/** `null`: it does not exist, or belongs to another seller. @throws {CallError} */
export async function getOrder(id: string): Promise<Order | null> {
  if (!isRowId(id)) return null;
  const data = await takeData(
    supabase.from("orders").select(COLUMNS).eq("id", id)
      .order("happened_at", { referencedTable: "order_events", ascending: false })
      .order("id", { referencedTable: "order_events", ascending: false })
      .maybeSingle(),
  );
  return data as unknown as Order | null;
}

/** Also purchases that failed or whose outcome is unknown. @throws {CallError} */
export async function listShipments(orderId: string): Promise<Shipment[]> {
  const path = `shipments?order_id=${encodeURIComponent(orderId)}`;
  const { shipments } = await callFunction<{ shipments: Shipment[] }>(path, { method: "GET" });
  return shipments;
}
