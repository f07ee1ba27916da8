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

export interface WorldSubscription {
  id: string;
  status: string;
  /** Name of the plan. */
  plan: string;
  email: string;
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

interface StripeWorld {
  subscriptions: { id: string; status: string; prices: string[]; customer: string }[];
  customers: { id: string; email: string | null }[];
  prices: { id: string; nickname: string | null }[];
}

/** Running subscriptions: those of `email` first, the newest before the others. */
export async function listWorldSubscriptions(email: string): Promise<WorldSubscription[]> {
  const { subscriptions, customers, prices } = await callControl<StripeWorld>("stripe", "");
  const described = subscriptions.filter(({ status }) => status !== "canceled").reverse()
    .map(({ id, status, prices: [price = ""], customer }) => ({
      ...{ id, status },
      plan: prices.find(({ id }) => id === price)?.nickname ?? price,
      email: customers.find(({ id }) => id === customer)?.email ?? customer,
    }));
  const rank = (subscription: WorldSubscription) => Number(subscription.email !== email);
  return described.toSorted((a, b) => rank(a) - rank(b));
}

export interface Answers {
  /** Statuses of the webhooks, or how often each was answered. */
  answers: number[] | Record<string, number>;
}

export function changeWorld<Answer>(path: string, body: unknown = {}): Promise<Answer> {
  return callControl("tiktok", path, { method: "POST", body });
}

export function changeOrder(orderId: string, status: string): Promise<{ answers: number[] }> {
  return callControl("tiktok", `orders/${orderId}`, { method: "PATCH", body: { status } });
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
  /** How many months have turned so far. */
  turned: number;
}

export function turnMonth(): Promise<MonthTurned> {
  return callConsole("world/month", { method: "POST", body: {} });
}

export function searchOrders(): Promise<unknown> {
  return callConsole("world/search", { method: "POST", body: {} });
}

export interface ArrivedOrder {
  id: string;
  tiktok_order_id: string;
  updated_at: string;
}

/** The seller's own rows of these orders, as far as they have arrived. */
export async function findOrders(tiktokOrderIds: string[]): Promise<ArrivedOrder[]> {
  const { data } = await supabase.from("orders").select("id, tiktok_order_id, updated_at")
    .in("tiktok_order_id", tiktokOrderIds);
  return data ?? [];
}
