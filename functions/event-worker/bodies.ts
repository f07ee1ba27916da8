/** The bodies that `event-worker` takes. */
import * as z from "zod/mini";
import { TikTokId } from "../../shared/values/schemas.ts";

export const SyncBody = z.strictObject({
  /** TikTok's shop id; without it every connected shop is meant. */
  shop_id: z.optional(TikTokId),
});

export const SubscriptionSyncBody = z.strictObject({
  /** Without it the subscriptions of all users are compared. */
  user_id: z.optional(z.uuid()),
});
