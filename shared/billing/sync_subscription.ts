/** Stores the current state of one subscription at Stripe. */
import type { BillingDependencies } from "./dependencies.ts";
import {
  type NamedSubscription,
  type SyncResult,
  syncSubscriptions,
} from "./sync_subscriptions.ts";

/**
 * @param eventId The event to settle in the same transaction; `null` for none.
 * @throws {BillingError} @throws {DatabaseError}
 */
export async function syncSubscription(
  dependencies: BillingDependencies,
  named: Omit<NamedSubscription, "eventIds">,
  eventId: number | null,
): Promise<SyncResult> {
  const eventIds = eventId === null ? [] : [eventId];
  const [outcome] = await syncSubscriptions(dependencies, [{ ...named, eventIds }]);
  if (outcome === undefined || "error" in outcome) throw outcome?.error;
  return outcome;
}
