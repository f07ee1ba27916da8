/** Ends everything that could charge a customer at Stripe. Each step may be repeated. */
import type Stripe from "stripe";
import * as z from "zod/mini";
import { BillingError, isMissing } from "./errors.ts";
import { callStripe, listOf, readStripe } from "./stripe.ts";

/** A subscription with such a status charges nothing any more; its customer may subscribe again. */
export const ENDED_STATUSES = ["canceled", "incomplete_expired"];

const PAGE_SIZE = 100;

const Page = listOf(z.looseObject({ id: z.string().check(z.minLength(1)) }));

/** Every element of a list, page by page. */
async function listAll<T extends { id: string }>(
  list: (page: { limit: number; starting_after?: string }) => Promise<Stripe.ApiList<T>>,
): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    const after = all.at(-1)?.id;
    const page = { limit: PAGE_SIZE, ...(after !== undefined && { starting_after: after }) };
    const { data, has_more } = await readStripe(Page, list(page));
    all.push(...data as unknown[] as T[]);
    if (!has_more || data.length === 0) return all;
  }
}

/** The subscriptions of a customer that have not ended; none of a customer that Stripe does not have. */
export async function listLiveSubscriptions(
  stripe: Stripe,
  customer: string,
): Promise<Stripe.Subscription[]> {
  const list = listAll((page) => stripe.subscriptions.list({ customer, status: "all", ...page }));
  const all = await list.catch(fallbackIfMissing<Stripe.Subscription[]>([]));
  return all.filter(({ status }) => !ENDED_STATUSES.includes(status));
}

/** A session that was paid or has expired in the meantime is left as it is. */
export async function expireOpenSessions(stripe: Stripe, customer: string): Promise<void> {
  const list = listAll((page) =>
    stripe.checkout.sessions.list({ customer, status: "open", ...page })
  );
  for (const { id } of await list.catch(fallbackIfMissing<Stripe.Checkout.Session[]>([]))) {
    await callStripe(stripe.checkout.sessions.expire(id)).catch((error) => {
      if (!(error instanceof BillingError) || ![400, 404].includes(error.status)) throw error;
    });
  }
}

/**
 * Expires the open sessions, cancels the subscriptions at once, and deletes the customer: Stripe then takes
 * no payment of theirs any more. In this order a checkout that is paid meanwhile is cancelled too.
 * @throws {BillingError}
 */
export async function closeCustomer(stripe: Stripe, customer: string): Promise<void> {
  await expireOpenSessions(stripe, customer);
  for (const { id } of await listLiveSubscriptions(stripe, customer)) {
    await callStripe(stripe.subscriptions.cancel(id)).catch(fallbackIfMissing(undefined));
  }
  await callStripe(stripe.customers.del(customer)).catch(fallbackIfMissing(undefined));
}

function fallbackIfMissing<T>(fallback: T): (error: unknown) => T {
  return (error) => {
    if (!isMissing(error)) throw error;
    return fallback;
  };
}
