/** Checks stored subscriptions that Stripe's list did not contain: Stripe omits those of deleted customers. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import { log } from "../log.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { decryptId, idHashes, undefinedIfUnreadable } from "./encrypted_ids.ts";
import { PAGE_SIZE, type Progress } from "./reconciliation_progress.ts";
import { type RepairOutcome, repairSubscription } from "./repair_subscription.ts";
import { isMissing } from "./errors.ts";
import { callStripe } from "./stripe.ts";

const Unlisted = z.object({
  id: z.uuid(),
  stripe_subscription_id: z.string(),
  stripe_customer_id: z.string(),
});
type Unlisted = z.infer<typeof Unlisted>;

/** @param userId `null`: all sellers. */
export async function checkUnlistedPage(
  dependencies: BillingDependencies,
  userId: string | null,
  progress: Progress,
): Promise<Progress & { finished?: boolean }> {
  const rows = await callFunction(
    dependencies.database,
    "list_unseen_subscriptions",
    { p_started_at: progress.started_at, p_user_id: userId, p_after: progress.after },
    z.array(Unlisted),
  );
  let { repaired, failed, unreadable } = progress;
  for (const row of rows) {
    const outcome = await checkUnlisted(dependencies, row).catch(undefinedIfUnreadable);
    if (outcome === undefined) unreadable++;
    if (outcome === "repaired") repaired++;
    if (outcome === "failed") failed++;
  }
  const last = rows.at(-1)?.id;
  return {
    ...progress,
    checked: progress.checked + rows.length,
    repaired,
    failed,
    unreadable,
    ...(rows.length < PAGE_SIZE || last === undefined ? { finished: true } : { after: last }),
  };
}

async function checkUnlisted(
  dependencies: BillingDependencies,
  row: Unlisted,
): Promise<Exclude<RepairOutcome, "missing">> {
  const { keys } = dependencies;
  const subscriptionId = await decryptId(
    keys,
    "subscriptions.stripe_subscription_id",
    row.stripe_subscription_id,
  );
  const outcome = await repairSubscription(dependencies, { subscriptionId, customerId: null });
  if (outcome !== "missing") return outcome;
  const customerId = await decryptId(
    keys,
    "subscriptions.stripe_customer_id",
    row.stripe_customer_id,
  );
  if (!await isCustomerKnown(dependencies, customerId)) return "failed";
  return await endSubscription(dependencies, subscriptionId) ? "repaired" : "unchanged";
}

/** Stripe still knows a deleted customer. An unknown one belongs to another account: our key is wrong. */
async function isCustomerKnown(
  { loadStripe }: BillingDependencies,
  customerId: string,
): Promise<boolean> {
  const stripe = await loadStripe();
  try {
    await callStripe(stripe.customers.retrieve(customerId));
    return true;
  } catch (error) {
    if (!isMissing(error)) throw error;
    log.error("Stripe knows neither a subscription nor its customer");
    return false;
  }
}

/** Ends a subscription that Stripe no longer has. Returns whether it had not ended before. */
async function endSubscription(
  { database, keys }: BillingDependencies,
  subscriptionId: string,
): Promise<boolean> {
  const hashes = idHashes(keys, "subscriptions.stripe_subscription_id", subscriptionId);
  return await callFunction(database, "end_subscription", { p_hashes: hashes }, z.boolean());
}
