/** The answers of `billing`. */
import * as z from "zod/mini";
import { PaidPlan } from "../../shared/billing/plans.ts";

export const CheckoutAnswer = z.object({
  url: z.string(),
  kind: z.enum(["checkout", "portal"]),
});
export type CheckoutAnswer = z.infer<typeof CheckoutAnswer>;

export const PortalAnswer = z.object({ url: z.string() });
export type PortalAnswer = z.infer<typeof PortalAnswer>;

export const PlanPriceAnswer = z.object({
  plan: PaidPlan,
  amount: z.nullable(z.string()),
  currency: z.string(),
  interval: z.nullable(z.enum(["day", "week", "month", "year"])),
  interval_count: z.int(),
});

export const PricesAnswer = z.object({ prices: z.array(PlanPriceAnswer) });
export type PricesAnswer = z.infer<typeof PricesAnswer>;
