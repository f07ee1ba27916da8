/** Copies a subscription from Stripe: whatever told of it, the state that counts is the one that Stripe has now. */
import type Stripe from "stripe";
import * as z from "zod";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import type { IgnoreReason } from "../inbox/ignore_reasons.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { hashesOf } from "./encrypted_ids.ts";
import { ask, isMissing } from "./stripe.ts";
import { idOf, mapSubscription, type SubscriptionState } from "./map_subscription.ts";

const Customer = z.object({ user_id: z.uuid(), version: z.int() });

const Applied = z.object({
  outcome: z.enum(["applied", "unchanged", "conflict", "price_unknown", "settled"]),
  released: z.int(),
});

/**
 * `ignored`: why it changes nothing; the event is not settled then. `isMissing`: Stripe has no such
 * subscription.
 */
export type SyncResult =
  | { outcome: "applied" | "unchanged" | "settled"; released: number }
  | { ignored: IgnoreReason; isMissing?: boolean };

/** Other workers that store states of the same customer at the same time. */
const MAX_CONFLICTS = 10;

export async function findCustomer(
  { database, keys }: Pick<BillingDependencies, "database" | "keys">,
  customerId: string,
): Promise<(z.infer<typeof Customer> & { hashes: string[] }) | undefined> {
  const hashes = await hashesOf(keys, "stripe_customers.stripe_customer_id", customerId);
  const args = { p_hashes: hashes };
  const found = await callFunction(database, "find_stripe_customer", args, Customer.nullable());
  return found === null ? undefined : { ...found, hashes };
}

/**
 * @param about `customerId` as the event has it, if it does: a wrong one costs a call more.
 * @param eventId Settled in the same transaction.
 * @throws {BillingError} @throws {DatabaseError}
 */
export async function syncSubscription(
  dependencies: BillingDependencies,
  { subscriptionId, customerId }: { subscriptionId: string; customerId: string | null },
  eventId: number | null,
): Promise<SyncResult> {
  const { stripe, keys, config, database } = dependencies;
  let named = customerId;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    // Before Stripe is read: a state that another worker stores from here on makes this one read again.
    const customer = named === null ? undefined : await findCustomer(dependencies, named);
    let subscription: Stripe.Subscription;
    try {
      subscription = await ask(stripe.subscriptions.retrieve(subscriptionId));
    } catch (error) {
      if (isMissing(error)) {
        return { ignored: "unknown_subscription", isMissing: true };
      }
      throw error;
    }
    const actual = idOf(subscription.customer);
    if (actual !== named) {
      named = actual;
      continue;
    }
    if (customer === undefined) return { ignored: "unknown_customer" };
    const claimed = subscription.metadata.user_id;
    if (claimed !== undefined && claimed !== customer.user_id) {
      return { ignored: "user_mismatch" };
    }
    const state = await mapSubscription(keys, config.prices, subscription);
    const { outcome, released } = await applySubscription(database, eventId, customer, state);
    if (outcome === "price_unknown") return { ignored: "unknown_price" };
    if (outcome !== "conflict") return { outcome, released };
  }
  throw new Error("The customer's subscriptions keep changing");
}

async function applySubscription(
  database: DatabaseClient,
  eventId: number | null,
  { hashes, version }: { hashes: string[]; version: number },
  state: SubscriptionState,
): Promise<z.infer<typeof Applied>> {
  const args = {
    p_event_id: eventId,
    p_customer_hashes: hashes,
    p_version: version,
    p_subscription: state,
  };
  return await callFunction(database, "apply_subscription", args, Applied);
}
