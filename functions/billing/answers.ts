/** The answers of `billing`. */
import * as z from "zod";

export const CheckoutAnswer = z.object({
  url: z.string(),
  kind: z.enum(["checkout", "portal"]),
});
export type CheckoutAnswer = z.infer<typeof CheckoutAnswer>;

export const PortalAnswer = z.object({ url: z.string() });
export type PortalAnswer = z.infer<typeof PortalAnswer>;
