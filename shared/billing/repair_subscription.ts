/** Repairs one subscription that the comparison with Stripe found. */
import { DatabaseError } from "../database/errors.ts";
import { errorText, log } from "../log.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { syncSubscription } from "./sync_subscription.ts";
import type { NamedSubscription } from "./sync_subscriptions.ts";

/** `missing`: Stripe does not have the subscription. `failed`: the database refused the state. */
export type RepairOutcome = "repaired" | "unchanged" | "missing" | "failed";

/**
 * A state that the database refuses needs a person, and must not stop the comparison.
 * @throws {BillingError} @throws {DatabaseError} if the database did not answer: the page is tried again
 */
export async function repairSubscription(
  dependencies: BillingDependencies,
  named: Omit<NamedSubscription, "eventIds">,
): Promise<RepairOutcome> {
  try {
    const result = await syncSubscription(dependencies, named, null);
    if ("ignored" in result) {
      return result.ignored === "unknown_subscription" ? "missing" : "unchanged";
    }
    return result.outcome === "applied" ? "repaired" : "unchanged";
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code === "") throw error;
    log.error("subscription not stored", { error: errorText(error) });
    return "failed";
  }
}
