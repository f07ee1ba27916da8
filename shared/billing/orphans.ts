/** Live subscriptions without an account: cancelled, or reported to operators (docs/account.md). */
import type Stripe from "stripe";
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import { log } from "../log.ts";
import { Outcome } from "../values/schemas.ts";
import { closeCustomer, expireOpenSessions, listLiveSubscriptions } from "./close_customer.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { decryptId } from "./encrypted_ids.ts";
import { CUSTOMER_COLUMN } from "./read_customer.ts";

const DeletedCustomer = z.object({
  stripe_customer_id: z.string(),
  deletion_requested: z.boolean(),
});

/** Handles a CLOSE_CUSTOMER task; `object_id` is a row of `private.stripe_customers`. */
export async function checkDeletedCustomer(
  dependencies: BillingDependencies,
  event: ClaimedEvent,
): Promise<EventResult> {
  const { database, keys } = dependencies;
  const args = { p_id: event.object_id ?? "" };
  const found = await callFunction(
    database,
    "get_deleted_customer",
    args,
    z.nullable(DeletedCustomer),
  );
  if (found === null) return { ignored: "unknown_customer" };
  const customerId = await decryptId(keys, CUSTOMER_COLUMN, found.stripe_customer_id);
  const isClosed = await endOrphans(dependencies, customerId, found.deletion_requested);
  const result = {
    p_event_id: event.event_id,
    p_id: args.p_id,
    p_closed_id: isClosed ? customerId : null,
  };
  return await callFunction(database, "settle_deleted_customer", result, Outcome);
}

/**
 * Ends what could charge the customer of a deleted account, unless a person must decide.
 * @param deletionRequested The seller deleted the account through our function.
 * @returns Whether nothing can charge the customer any more.
 */
export async function endOrphans(
  dependencies: BillingDependencies,
  customerId: string,
  deletionRequested: boolean,
): Promise<boolean> {
  const { config } = dependencies;
  const stripe = await dependencies.loadStripe();
  await expireOpenSessions(stripe, customerId);
  const live = await listLiveSubscriptions(stripe, customerId);
  const mayCancel = deletionRequested || config.orphanedSubscriptions === "cancel";
  const isClosed = live.length === 0 || mayCancel;
  if (isClosed) await closeCustomer(stripe, customerId);
  for (const subscription of live) {
    await logOrphan(dependencies, subscription, isClosed ? "cancelled" : "reported");
  }
  return isClosed;
}

/** Writes `subscription_orphaned` into `system_logs`, once a night; the log line has no id of Stripe. */
export async function logOrphan(
  { database }: BillingDependencies,
  { id, status, metadata }: Stripe.Subscription,
  action: "reported" | "cancelled",
): Promise<void> {
  // Stripe's dashboard can put anything into the metadata.
  const user_id = z.uuid().safeParse(metadata.user_id).data ?? null;
  const args = { p_subscription: { stripe_subscription_id: id, status, user_id, action } };
  const isNew = await callFunction(database, "log_orphaned_subscription", args, z.boolean());
  if (isNew) {
    log.warn("subscription without an account", { user_id, action });
  }
}
