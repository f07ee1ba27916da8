/** Compares a page of Stripe's list of subscriptions with ours. */
import type Stripe from "stripe";
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import { log } from "../log.ts";
import { adoptCustomer } from "./customers.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { idHashes, undefinedIfUnreadable } from "./encrypted_ids.ts";
import { idOf, mapSubscription } from "./map_subscription.ts";
import { logOrphan } from "./orphans.ts";
import { CUSTOMER_COLUMN, readCustomer } from "./read_customer.ts";
import { PAGE_SIZE, type Progress } from "./reconciliation_progress.ts";
import { repairSubscription } from "./repair_subscription.ts";
import { callStripe } from "./stripe.ts";

interface StripePage {
  data: Stripe.Subscription[];
  has_more: boolean;
}

const NO_PAGE: StripePage = { data: [], has_more: false };

/** @param userId `null`: all sellers. */
export async function compareListedPage(
  dependencies: BillingDependencies,
  userId: string | null,
  progress: Progress,
): Promise<Progress> {
  const page = await listStripePage(dependencies, userId, progress).catch(undefinedIfUnreadable);
  const { data, has_more } = page ?? NO_PAGE;
  let { repaired, failed } = progress;
  const { differing, orphaned, unbound, malformed } = await compareStates(dependencies, data);
  // Their customer is unknown here, so they may belong to another database: a person decides.
  for (const subscription of orphaned) await logOrphan(dependencies, subscription, "reported");
  failed += malformed;
  for (const subscription of unbound) {
    const customerId = idOf(subscription.customer) ?? "";
    const isBound = await adoptCustomer(
      dependencies,
      subscription.metadata.user_id ?? "",
      customerId,
    );
    if (isBound) differing.push(subscription);
  }
  for (const subscription of differing) {
    const outcome = await repairSubscription(dependencies, {
      subscriptionId: subscription.id,
      customerId: idOf(subscription.customer),
    });
    if (outcome === "repaired") repaired++;
    if (outcome === "failed") failed++;
  }
  const last = data.findLast((subscription) => typeof subscription?.id === "string")?.id;
  const { after: _, ...rest } = progress;
  return {
    ...rest,
    checked: progress.checked + data.length,
    repaired,
    failed,
    unreadable: progress.unreadable + (page === undefined ? 1 : 0),
    orphaned: progress.orphaned + orphaned.length,
    ...(has_more && last !== undefined ? { after: last } : { listed: true }),
  };
}

/** @throws {DecryptionError} if the id of the seller's customer cannot be read */
async function listStripePage(
  dependencies: BillingDependencies,
  userId: string | null,
  { after }: Progress,
): Promise<StripePage> {
  const stripe = await dependencies.loadStripe();
  const page = {
    status: "all" as const,
    limit: PAGE_SIZE,
    ...(after && { starting_after: after }),
  };
  if (userId === null) return await callStripe(stripe.subscriptions.list(page));
  const { customerId: customer } = await readCustomer(dependencies, userId);
  if (customer === undefined) return NO_PAGE;
  return await callStripe(stripe.subscriptions.list({ ...page, customer }));
}

const Places = z.object({
  differing: z.array(z.int()),
  orphaned: z.array(z.int()),
  unbound: z.array(z.int()),
});

interface ComparedStates {
  /** Subscriptions of our customers whose stored state is another. */
  differing: Stripe.Subscription[];
  /** Live ones that name a user who does not exist. */
  orphaned: Stripe.Subscription[];
  /** Live ones that name a user without a customer: our row was lost. */
  unbound: Stripe.Subscription[];
  /** Number of elements that are not subscriptions. */
  malformed: number;
}

async function compareStates(
  dependencies: BillingDependencies,
  subscriptions: Stripe.Subscription[],
): Promise<ComparedStates> {
  const results = await Promise.allSettled(
    subscriptions.map((subscription, place) => describeState(dependencies, subscription, place)),
  );
  const states = results.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
  for (const result of results) {
    if (result.status === "fulfilled") continue;
    // Its message may quote the element.
    const { name } = result.reason as Error;
    log.error("listed subscription is not readable", { error: name });
  }
  const args = { p_subscriptions: states };
  const places = await callFunction(dependencies.database, "compare_subscriptions", args, Places);
  const atPlaces = (list: number[]) =>
    list.map((place) => subscriptions[place] as Stripe.Subscription);
  return {
    differing: atPlaces(places.differing),
    orphaned: atPlaces(places.orphaned),
    unbound: atPlaces(places.unbound),
    malformed: results.length - states.length,
  };
}

async function describeState(
  { keys, config }: BillingDependencies,
  subscription: Stripe.Subscription,
  place: number,
) {
  const { metadata, customer } = subscription;
  return {
    ...await mapSubscription(keys, config.prices, subscription),
    place,
    user_id: z.uuid().safeParse(metadata.user_id).data ?? null,
    stripe_customer_id_hashes: idHashes(keys, CUSTOMER_COLUMN, idOf(customer) ?? ""),
  };
}
