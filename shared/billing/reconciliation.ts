/** The comparison of Stripe's subscriptions with ours: one event for each page, differences are repaired. */
import { callFunction } from "../database/call_function.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import { log } from "../log.ts";
import { Outcome } from "../values/schemas.ts";
import { checkUnlistedPage } from "./check_unlisted.ts";
import { compareListedPage } from "./compare_listed.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { Progress } from "./reconciliation_progress.ts";

/** Handles one page of a SYNC_SUBSCRIPTIONS event; `object_id` is a user, or null for all. */
export async function compareNextPage(
  dependencies: BillingDependencies,
  event: ClaimedEvent,
): Promise<EventResult> {
  const { database } = dependencies;
  const progress = Progress.parse(JSON.parse(event.body));
  const comparePage = progress.listed ? checkUnlistedPage : compareListedPage;
  const next = await comparePage(dependencies, event.object_id, progress);
  const args = { p_event_id: event.event_id, p_progress: next };
  const { outcome } = await callFunction(database, "continue_subscription_sync", args, Outcome);
  const level = next.repaired > progress.repaired ? "warn" : "info";
  log.at(level, "subscriptions compared", {
    checked: next.checked,
    repaired: next.repaired,
    finished: outcome === "reconciled",
  });
  return { outcome, more: outcome === "continued" };
}
