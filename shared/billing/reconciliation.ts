/** Compares Stripe's subscriptions with ours, a page at a time, and repairs what differs. */
import type Stripe from "stripe";
import * as z from "zod";
import { callFunction } from "../database/call_function.ts";
import { DatabaseError, unwrap } from "../database/errors.ts";
import type { Json } from "../database/types.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import { errorText, log } from "../log.ts";
import { hashesOf, openId } from "./encrypted_ids.ts";
import { Outcome } from "../values/schemas.ts";
import { ask, isMissing } from "./stripe.ts";
import { idOf, mapSubscription } from "./map_subscription.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { type SyncResult, syncSubscription } from "./sync_subscription.ts";

const PAGE_SIZE = 100;

/** The body of a SYNC_SUBSCRIPTIONS event: how far the comparison has come. */
const Progress = z.object({
  /** ISO 8601; of the first page. */
  started_at: z.string(),
  checked: z.int(),
  repaired: z.int(),
  /** That could not be stored. */
  failed: z.int().default(0),
  /** The last subscription of the page before: Stripe's id, or ours of those that it did not name. */
  after: z.string().optional(),
  /** All of Stripe's were seen; what Stripe did not name is asked for one by one. */
  listed: z.boolean().optional(),
});
type Progress = z.infer<typeof Progress>;

const Unseen = z.array(z.object({
  id: z.uuid(),
  stripe_subscription_id: z.string(),
  stripe_customer_id: z.string(),
}));

/** Enqueues a comparison. Returns its event. @throws {DatabaseError} PT404 for a user without a customer. */
export async function requestSubscriptionSync(
  database: BillingDependencies["database"],
  userId?: string,
): Promise<number> {
  const result = await database.rpc(
    "request_subscription_sync",
    userId === undefined ? {} : { p_user_id: userId },
  );
  return z.object({ event_id: z.int() }).parse(unwrap("request_subscription_sync", result))
    .event_id;
}

/** Handles one page of a SYNC_SUBSCRIPTIONS event; `object_id` is a user, or null for all. */
export async function compareNextPage(
  dependencies: BillingDependencies,
  event: ClaimedEvent,
): Promise<EventResult> {
  const { database } = dependencies;
  const progress = Progress.parse(JSON.parse(event.body));
  const next = progress.listed
    ? await checkUnseen(dependencies, event.object_id, progress)
    : await comparePage(dependencies, event.object_id, progress);
  const args = { p_event_id: event.event_id, p_progress: next };
  const { outcome } = await callFunction(database, "continue_subscription_sync", args, Outcome);
  const level = next.repaired > progress.repaired ? "warn" : "info";
  log[level]("subscriptions compared", {
    checked: next.checked,
    repaired: next.repaired,
    finished: outcome === "reconciled",
  });
  return { outcome, more: outcome === "continued" };
}

async function listPage(
  { database, stripe, keys }: BillingDependencies,
  userId: string | null,
  { after }: Progress,
): Promise<{ data: Stripe.Subscription[]; has_more: boolean }> {
  const page = {
    status: "all" as const,
    limit: PAGE_SIZE,
    ...(after && { starting_after: after }),
  };
  if (userId === null) return await ask(stripe.subscriptions.list(page));
  const found = await database.rpc("get_stripe_customer", { p_user_id: userId });
  const { stripe_customer_id: text } = z.object({ stripe_customer_id: z.string().nullable() })
    .parse(
      unwrap("get_stripe_customer", found),
    );
  if (text === null) return { data: [], has_more: false };
  const customer = await openId(keys, "stripe_customers.stripe_customer_id", text);
  return await ask(stripe.subscriptions.list({ ...page, customer }));
}

/** `undefined`: the database refuses it. That is for people to look at, and stops no other. */
async function repair(
  dependencies: BillingDependencies,
  about: Parameters<typeof syncSubscription>[1],
): Promise<SyncResult | undefined> {
  try {
    return await syncSubscription(dependencies, about, null);
  } catch (error) {
    // Without a code the database did not answer: the page is tried again.
    if (!(error instanceof DatabaseError) || error.code === "") throw error;
    log.error("subscription not stored", { error: errorText(error) });
    return undefined;
  }
}

async function comparePage(
  dependencies: BillingDependencies,
  userId: string | null,
  progress: Progress,
): Promise<Progress> {
  const { database, keys, config } = dependencies;
  const { data, has_more } = await listPage(dependencies, userId, progress);
  const states = await Promise.all(data.map(async (subscription, place) => ({
    ...await mapSubscription(keys, config.prices, subscription),
    place,
    stripe_customer_id_hashes: await hashesOf(
      keys,
      "stripe_customers.stripe_customer_id",
      idOf(subscription.customer) ?? "",
    ),
  })));
  const result = await database.rpc("compare_subscriptions", {
    p_subscriptions: states as unknown as Json,
  });
  const places = z.array(z.int()).parse(unwrap("compare_subscriptions", result));
  let { repaired, failed } = progress;
  for (const place of places) {
    const subscription = data[place] as Stripe.Subscription;
    const about = { subscriptionId: subscription.id, customerId: idOf(subscription.customer) };
    const synced = await repair(dependencies, about);
    if (synced === undefined) failed++;
    else if ("outcome" in synced && synced.outcome === "applied") repaired++;
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

/** Subscriptions of ours that the list did not have: Stripe forgets those of deleted customers. */
async function checkUnseen(
  dependencies: BillingDependencies,
  userId: string | null,
  progress: Progress,
): Promise<Progress & { finished?: boolean }> {
  const { database, keys } = dependencies;
  const result = await database.rpc("list_unseen_subscriptions", {
    p_started_at: progress.started_at,
    ...(userId !== null && { p_user_id: userId }),
    ...(progress.after !== undefined && { p_after: progress.after }),
  });
  const rows = Unseen.parse(unwrap("list_unseen_subscriptions", result));
  let { repaired, failed } = progress;
  for (const row of rows) {
    const subscriptionId = await openId(
      keys,
      "subscriptions.stripe_subscription_id",
      row.stripe_subscription_id,
    );
    const synced = await repair(dependencies, { subscriptionId, customerId: null });
    if (synced === undefined) failed++;
    else if ("outcome" in synced && synced.outcome === "applied") repaired++;
    else if ("isMissing" in synced && synced.isMissing) {
      const customerId = await openId(
        keys,
        "subscriptions.stripe_customer_id",
        row.stripe_customer_id,
      );
      if (await isKnown(dependencies, customerId)) {
        repaired += await endSubscription(dependencies, subscriptionId);
      } else failed++;
    }
  }
  const checked = progress.checked + rows.length;
  const last = rows.at(-1)?.id;
  return {
    ...progress,
    checked,
    repaired,
    failed,
    ...(rows.length < PAGE_SIZE || last === undefined ? { finished: true } : { after: last }),
  };
}

/** A deleted customer is known too. One that is not was made in another account: our key is the wrong one. */
async function isKnown({ stripe }: BillingDependencies, customerId: string): Promise<boolean> {
  try {
    await ask(stripe.customers.retrieve(customerId));
    return true;
  } catch (error) {
    if (!isMissing(error)) throw error;
    log.error(
      "Stripe knows neither a subscription nor its customer: is the key of another account?",
    );
    return false;
  }
}

/** Of a subscription that Stripe does not have any more. */
async function endSubscription(
  { database, keys }: BillingDependencies,
  subscriptionId: string,
): Promise<number> {
  const result = await database.rpc("end_subscription", {
    p_hashes: await hashesOf(keys, "subscriptions.stripe_subscription_id", subscriptionId),
  });
  return unwrap("end_subscription", result) ? 1 : 0;
}
