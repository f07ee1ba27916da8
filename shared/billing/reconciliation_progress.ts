/** The progress of a comparison with Stripe: the body of each SYNC_SUBSCRIPTIONS event. */
import * as z from "zod/mini";

/** Subscriptions compared by one event. */
export const PAGE_SIZE = 100;

export const Progress = z.object({
  /** ISO 8601: start of the first page. */
  started_at: z.string(),
  checked: z.int(),
  repaired: z.int(),
  /** Number of subscriptions that could not be stored. */
  failed: z._default(z.int(), 0),
  /** Number of stored ids that cannot be decrypted. */
  unreadable: z._default(z.int(), 0),
  /** Number of live subscriptions of unknown customers that name a user who does not exist. */
  orphaned: z._default(z.int(), 0),
  /** The last subscription of the previous page: Stripe's id or, once `listed`, ours. */
  after: z.optional(z.string()),
  /** Stripe's list is finished; stored subscriptions that it did not contain follow. */
  listed: z.optional(z.boolean()),
});
export type Progress = z.infer<typeof Progress>;
