/** The answers of `tiktok-oauth`. */
import * as z from "zod/mini";
import { ConnectionStatus } from "../../shared/tiktok/connections/describe_connection.ts";

export const AuthorizeAnswer = z.object({ url: z.string(), expires_at: z.string() });
export type AuthorizeAnswer = z.infer<typeof AuthorizeAnswer>;

export const CompleteAnswer = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("unconfirmed"),
    shops: z.array(z.object({
      shop_id: z.string(),
      shop_name: z.nullable(z.string()),
      region: z.nullable(z.string()),
    })),
    expires_at: z.string(),
  }),
  z.object({
    status: z.literal("connected"),
    shops: z.array(z.object({ id: z.string(), shop_id: z.string() })),
  }),
]);
export type CompleteAnswer = z.infer<typeof CompleteAnswer>;

export const ShopState = z.object({
  id: z.string(),
  shop_id: z.string(),
  shop_name: z.nullable(z.string()),
  region: z.nullable(z.string()),
  status: ConnectionStatus,
  reason: z.nullable(z.string()),
  message: z.string(),
  expires_at: z.nullable(z.string()),
  connected_at: z.string(),
});

export const ShopsAnswer = z.object({ shops: z.array(ShopState) });
export type ShopsAnswer = z.infer<typeof ShopsAnswer>;
