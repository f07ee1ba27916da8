/** What the simulators have, and what a person does there. */
import { callConsole, callControl } from "../console_api.ts";
import { supabase } from "../supabase.ts";

export interface WorldShop {
  shop_id: string;
  name: string;
}

export interface WorldOrder {
  order_id: string;
  status: string;
  shipping_type: string;
  units: { line_item_id: string; status: string; product_name: string }[];
}

export interface Outage {
  kind: string;
  ends_at?: string;
}

export interface WorldParcel {
  /** What a carrier scans. */
  number: string;
  carrier: string;
  status: string;
  /** Of TikTok's own labels. */
  packageId?: string;
}

export interface WorldSubscription {
  id: string;
  status: string;
  prices: string[];
  customer: string;
}

export async function listWorldShops(): Promise<WorldShop[]> {
  return (await callControl<{ shops: WorldShop[] }>("tiktok", "")).shops;
}

export async function listWorldOrders(shopId: string): Promise<WorldOrder[]> {
  const query = `orders?shop_id=${encodeURIComponent(shopId)}`;
  return (await callControl<{ orders: WorldOrder[] }>("tiktok", query)).orders;
}

export async function listOutages(): Promise<Outage[]> {
  return (await callControl<{ faults: Outage[] }>("tiktok", "faults")).faults;
}

interface EasyPostParcel {
  tracking_code: string;
  carrier: string;
  status: string;
}

interface TikTokParcel {
  package_id: string;
  tracking_number: string;
  status: string;
}

export async function listWorldParcels(): Promise<WorldParcel[]> {
  const [easypost, tiktok] = await Promise.all([
    callControl<{ parcels: EasyPostParcel[] }>("easypost", "parcels"),
    callControl<{ parcels: TikTokParcel[] }>("tiktok", "parcels"),
  ]);
  return [
    ...easypost.parcels.map(({ tracking_code, carrier, status }) => ({
      ...{ number: tracking_code, carrier, status },
    })),
    ...tiktok.parcels.map(({ package_id, tracking_number, status }) => ({
      ...{ number: tracking_number, carrier: "TikTok Shipping", status, packageId: package_id },
    })),
  ];
}

export async function listWorldSubscriptions(): Promise<WorldSubscription[]> {
  const { subscriptions } = await callControl<{ subscriptions: WorldSubscription[] }>("stripe", "");
  return subscriptions.filter(({ status }) => status !== "canceled").reverse();
}

/** A parcel's next status, or `undefined` at its end. */
const NEXT_STATUS: Record<string, string> = {
  unknown: "pre_transit",
  pre_transit: "in_transit",
  in_transit: "out_for_delivery",
  out_for_delivery: "delivered",
  PROCESSING: "FULFILLING",
  FULFILLING: "COMPLETED",
};

export function nextStatus({ status }: WorldParcel): string | undefined {
  return NEXT_STATUS[status];
}

interface Answers {
  answers: number[] | Record<string, number>;
}

/** Moves a parcel. Returns the answers of the product. */
export async function moveParcel(parcel: WorldParcel, status: string): Promise<Answers> {
  const { number, packageId } = parcel;
  return packageId === undefined
    ? await callControl("easypost", `trackers/${encodeURIComponent(number)}`, {
      method: "POST",
      body: { status },
    })
    : await callControl("tiktok", `packages/${packageId}`, { method: "PATCH", body: { status } });
}

export function changeWorld<Answer>(path: string, body: unknown = {}): Promise<Answer> {
  return callControl("tiktok", path, { method: "POST", body });
}

export function changeSubscription(id: string, change: string): Promise<Answers> {
  return callControl("stripe", `subscriptions/${id}`, { method: "POST", body: { change } });
}

export function endOutages(): Promise<void> {
  return callControl("tiktok", "faults", { method: "DELETE" });
}

export interface MonthTurned {
  renewed: number;
  held_before: number;
  held_after: number;
}

export function turnMonth(): Promise<MonthTurned> {
  return callConsole("world/month", { method: "POST", body: {} });
}

export function searchOrders(): Promise<unknown> {
  return callConsole("world/search", { method: "POST", body: {} });
}

/** The seller's own row for an order, once it has arrived. */
export async function findOrder(tiktokOrderId: string): Promise<string | undefined> {
  const { data } = await supabase.from("orders").select("id")
    .eq("tiktok_order_id", tiktokOrderId).maybeSingle();
  return data?.id;
}
