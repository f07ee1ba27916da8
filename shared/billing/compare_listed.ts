/** Compares a page of Stripe's list of subscriptions with ours. */
import type Stripe from "stripe";
import * as z from "zod";
import { callFunction } from "../database/call_function.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { idHashes } from "./encrypted_ids.ts";
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

/** @param userId `null`: all sellers. */
export async function compareListedPage(
  dependencies: BillingDependencies,
  userId: string | null,
  progress: Progress,
): Promise<Progress> {
  const { data, has_more } = await listStripePage(dependencies, userId, progress);
  let { repaired, failed } = progress;
  const { differing, orphaned } = await compareStates(dependencies, data);
  // Their customer is unknown here, so they may belong to another database: a person decides.
  for (const subscription of orphaned) await logOrphan(dependencies, subscription, "reported");
  for (const subscription of differing) {
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
    orphaned: progress.orphaned + orphaned.length,
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

const Places = z.object({ differing: z.array(z.int()), orphaned: z.array(z.int()) });

/** Differing subscriptions of our customers, and live ones that name a user who does not exist. */
async function compareStates(
  { database, keys, config }: BillingDependencies,
  subscriptions: Stripe.Subscription[],
): Promise<{ differing: Stripe.Subscription[]; orphaned: Stripe.Subscription[] }> {
  const states = await Promise.all(subscriptions.map(async (subscription, place) => ({
    ...await mapSubscription(keys, config.prices, subscription),
    place,
    user_id: z.uuid().safeParse(subscription.metadata.user_id).data ?? null,
    stripe_customer_id_hashes: idHashes(
      keys,
      CUSTOMER_COLUMN,
      idOf(subscription.customer) ?? "",
    ),
  })));
  const args = { p_subscriptions: states };
  const places = await callFunction(database, "compare_subscriptions", args, Places);
  const atPlaces = (list: number[]) =>
    list.map((place) => subscriptions[place] as Stripe.Subscription);
  return { differing: atPlaces(places.differing), orphaned: atPlaces(places.orphaned) };
}
