/** The bodies that `billing` takes. */
import * as z from "zod/mini";
import { PaidPlan } from "../../shared/billing/plans.ts";

export const CheckoutBody = z.strictObject({
  plan: z.enum(PaidPlan.options, `one of ${PaidPlan.options.join(", ")}`),
});

export const PortalBody = z.strictObject({});
