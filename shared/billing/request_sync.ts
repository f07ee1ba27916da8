/** Requests a comparison of Stripe's subscriptions with ours. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";

const Requested = z.object({ event_id: z.int() });

/**
 * Enqueues a comparison of all subscriptions, or of those of one seller. Returns the id of its event.
 * @throws {DatabaseError} not found: the user has no customer
 */
export async function requestSubscriptionSync(
  database: DatabaseClient,
  userId?: string,
): Promise<number> {
  const args = { p_user_id: userId };
  const requested = await callFunction(database, "request_subscription_sync", args, Requested);
  return requested.event_id;
}
