/** Compares a page of Stripe's list of subscriptions with ours. */
import type Stripe from "stripe";
import * as z from "zod";
import { callFunction } from "../database/call_function.ts";
import { readCustomer } from "./customers.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { idHashes } from "./encrypted_ids.ts";
import { idOf, mapSubscription } from "./map_subscription.ts";
import { PAGE_SIZE, type Progress } from "./reconciliation_progress.ts";
import { repairSubscription } from "./repair_subscription.ts";
import { callStripe } from "./stripe.ts";

interface StripePage {
  data: Stripe.Subscription[];
  has_more: boolean;
}

/** @param userId `null`: all sellers. */
export async function compareListedPage(
  dependencies: BillingDependencies,
  userId: string | null,
  progress: Progress,
): Promise<Progress> {
  const { data, has_more } = await listStripePage(dependencies, userId, progress);
  let { repaired, failed } = progress;
  for (const subscription of await findDiffering(dependencies, data)) {
    const outcome = await repairSubscription(dependencies, {
      subscriptionId: subscription.id,
      customerId: idOf(subscription.customer),
    });
    if (outcome === "repaired") repaired++;
    if (outcome === "failed") failed++;
  }
  const last = data.at(-1)?.id;
  const { after: _, ...rest } = progress;
  return {
    ...rest,
    checked: progress.checked + data.length,
    repaired,
    failed,
    ...(has_more && last !== undefined ? { after: last } : { listed: true }),
  };
}

async function listStripePage(
  dependencies: BillingDependencies,
  userId: string | null,
  { after }: Progress,
): Promise<StripePage> {
  const { stripe } = dependencies;
  const page = {
    status: "all" as const,
    limit: PAGE_SIZE,
    ...(after && { starting_after: after }),
  };
  if (userId === null) return await callStripe(stripe.subscriptions.list(page));
  const { customerId: customer } = await readCustomer(dependencies, userId);
  if (customer === undefined) return { data: [], has_more: false };
  return await callStripe(stripe.subscriptions.list({ ...page, customer }));
}

/** The subscriptions of our customers whose stored state is another. */
async function findDiffering(
  { database, keys, config }: BillingDependencies,
  subscriptions: Stripe.Subscription[],
): Promise<Stripe.Subscription[]> {
  const states = await Promise.all(subscriptions.map(async (subscription, place) => ({
    ...await mapSubscription(keys, config.prices, subscription),
    place,
    stripe_customer_id_hashes: idHashes(
      keys,
      "stripe_customers.stripe_customer_id",
      idOf(subscription.customer) ?? "",
    ),
  })));
  const args = { p_subscriptions: states };
  const places = await callFunction(database, "compare_subscriptions", args, z.array(z.int()));
  return places.map((place) => subscriptions[place] as Stripe.Subscription);
}
