/** Stores the current state of a subscription at Stripe, regardless of the event's content. */
import * as z from "zod";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import type { IgnoreReason } from "../inbox/ignore_reasons.ts";
import { findCustomer, type StoredCustomer } from "./customers.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { idOf, mapSubscription, type SubscriptionState } from "./map_subscription.ts";
import { endOrphans } from "./orphans.ts";
import { callStripe, isMissing } from "./stripe.ts";
import { LoggableError } from "../loggable_error.ts";

const Applied = z.object({
  outcome: z.enum(["applied", "unchanged", "conflict", "price_unknown", "settled"]),
  released: z.int(),
});

/** `ignored`: nothing was stored, and the event is not settled. */
export type SyncResult =
  | { outcome: "applied" | "unchanged" | "settled"; released: number }
  | { ignored: IgnoreReason };

/** Subscription and customer id from an event. */
export interface NamedSubscription {
  subscriptionId: string;
  /** `null` if unknown. A wrong id costs one more call of Stripe. */
  customerId: string | null;
}

/** Attempts while other workers update the same customer. */
const MAX_CONFLICTS = 10;

/**
 * @param eventId The event to settle in the same transaction; `null` for none.
 * @throws {BillingError} @throws {DatabaseError}
 */
export async function syncSubscription(
  dependencies: BillingDependencies,
  { subscriptionId, customerId }: NamedSubscription,
  eventId: number | null,
): Promise<SyncResult> {
  const { stripe, keys, config, database } = dependencies;
  let namedCustomer = customerId;
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    // The version is read before Stripe: if it changes meanwhile, `apply_subscription` answers `conflict`
    // and both are read again.
    const customer = namedCustomer === null
      ? undefined
      : await findCustomer(dependencies, namedCustomer);
    const subscription = await callStripe(stripe.subscriptions.retrieve(subscriptionId))
      .catch(undefinedIfMissing);
    if (subscription === undefined) return { ignored: "unknown_subscription" };
    const actualCustomer = idOf(subscription.customer);
    if (actualCustomer !== namedCustomer) {
      namedCustomer = actualCustomer;
      continue;
    }
    if (customer === undefined) return { ignored: "unknown_customer" };
    if (customer.user_id === null) {
      // Bought, or renewed, without an account: it must not wait for the nightly comparison.
      await endOrphans(dependencies, actualCustomer as string, customer.deletion_requested);
      return { ignored: "account_deleted" };
    }
    const namedUser = subscription.metadata.user_id;
    if (namedUser !== undefined && namedUser !== customer.user_id) {
      return { ignored: "user_mismatch" };
    }
    const state = await mapSubscription(keys, config.prices, subscription);
    const { outcome, released } = await applySubscription(database, eventId, customer, state);
    if (outcome === "price_unknown") return { ignored: "unknown_price" };
    if (outcome !== "conflict") return { outcome, released };
  }
  throw new LoggableError(
    `The customer changed ${MAX_CONFLICTS} times while its subscription was read`,
  );
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

async function applySubscription(
  database: DatabaseClient,
  eventId: number | null,
  { hashes, version }: StoredCustomer,
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
