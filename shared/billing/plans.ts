/** The plans that can be bought, and their Stripe prices. */
import * as z from "zod/mini";
import type { StripeConfig } from "../config.ts";

export const PaidPlan = z.enum(["starter", "growth", "scale"]);
export type PaidPlan = z.infer<typeof PaidPlan>;

/** `null` for a price that belongs to no plan. */
export function planOfPrice(prices: StripeConfig["prices"], priceId: string): PaidPlan | null {
  return PaidPlan.options.find((plan) => prices[plan] === priceId) ?? null;
}
