/** The answers of `event-worker`. */
import * as z from "zod/mini";

export const ProcessAnswer = z.object({
  released: z.int(),
  label_tasks: z.int(),
  oldest_open_seconds: z.int(),
  events: z.record(z.string(), z.int()),
});
export type ProcessAnswer = z.infer<typeof ProcessAnswer>;

export const RequestedAnswer = z.object({ requested: z.int() });
export type RequestedAnswer = z.infer<typeof RequestedAnswer>;

export const SubscriptionSyncAnswer = z.object({ event_id: z.int() });
export type SubscriptionSyncAnswer = z.infer<typeof SubscriptionSyncAnswer>;
