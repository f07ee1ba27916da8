/** Usage of the plan, orders that wait for it, and Stripe's pages. */
import type { HeldOrders, Usage } from "../../../../shared/database/results.ts";
import { callFunction } from "../call_function.ts";
import { supabase } from "../supabase.ts";
import { takeData } from "./take.ts";

/** @throws {CallError} */
export async function getUsage(): Promise<Usage> {
  return await takeData(supabase.rpc("get_usage")) as unknown as Usage;
}

export interface Account {
  display_name: string | null;
  subscription_status: string;
  subscription_tier: string;
}

/** @throws {CallError} */
export async function getAccount(): Promise<Account> {
  const columns = "display_name, subscription_status, subscription_tier";
  const account = await takeData(supabase.from("users").select(columns).single());
  return account as unknown as Account;
}

export interface Plan {
  name: string;
  monthly_order_limit: number;
  monthly_label_limit: number;
  daily_label_limit: number;
}

/** Smallest first. @throws {CallError} */
export async function listPlans(): Promise<Plan[]> {
  const columns = "name, monthly_order_limit, monthly_label_limit, daily_label_limit";
  return await takeData(supabase.from("plans").select(columns).order("monthly_order_limit"));
}

export interface PlanPrice {
  plan: string;
  /** `null` for a price that depends on the quantity. */
  amount: string | null;
  currency: string;
  /** `null` for a price that is paid once. */
  interval: string | null;
  interval_count: number;
}

/** As Stripe has them. @throws {CallError} */
export async function listPrices(): Promise<PlanPrice[]> {
  return (await callFunction<{ prices: PlanPrice[] }>("billing/prices", { method: "GET" })).prices;
}

export const HELD_PAGE_SIZE = 10;

/** In the sequence in which they will be stored. @throws {CallError} */
export async function listHeldOrders(page: number): Promise<HeldOrders> {
  const part = { p_limit: HELD_PAGE_SIZE, p_offset: page * HELD_PAGE_SIZE };
  return await takeData(supabase.rpc("get_held_orders", part)) as unknown as HeldOrders;
}

/** Address of Stripe's page on which the seller buys the plan, or changes it. @throws {CallError} */
export async function openCheckout(plan: string): Promise<string> {
  return (await callFunction<{ url: string }>("billing/checkout", { body: { plan } })).url;
}

/** Address of Stripe's page on which the seller changes, pays or cancels. @throws {CallError} */
export async function openPortal(): Promise<string> {
  return (await callFunction<{ url: string }>("billing/portal", { body: {} })).url;
}

const LIVE = ["active", "trialing"];

const UNPAID = ["past_due", "unpaid", "incomplete", "paused"];

/** The plan that the seller has chosen and not paid; null if there is none. */
export function unpaidPlanOf({ subscription_status, subscription_tier }: Account): string | null {
  return UNPAID.includes(subscription_status) ? subscription_tier : null;
}

/** The plan that counts: without a live subscription it is the trial. */
export function planOf({ subscription_status, subscription_tier }: Account): string {
  return LIVE.includes(subscription_status) ? subscription_tier : "trial";
}
