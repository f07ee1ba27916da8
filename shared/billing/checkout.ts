/** Sends sellers to Stripe's checkout, or to the portal if they have a subscription. */
import type Stripe from "stripe";
import * as z from "zod/mini";
import { ENDED_STATUSES } from "./close_customer.ts";
import { ensureCustomer, replaceCustomer } from "./customers.ts";
import { isDeleted } from "./deleted_customer.ts";
import type { BillingPageDependencies } from "./dependencies.ts";
import { BillingError } from "./errors.ts";
import { createOnce, type Seen } from "./idempotency.ts";
import type { PaidPlan } from "./plans.ts";
import { openPortal, returnUrl, StripePage } from "./portal.ts";
import { callStripe, listOf, readStripe } from "./stripe.ts";

/**
 * Opens the checkout of a plan, or the portal if the seller has a subscription: there is never a second one.
 * @throws {BillingError} @throws {DatabaseError} not found: account deleted
 */
export async function beginCheckout(
  dependencies: BillingPageDependencies,
  userId: string,
  plan: PaidPlan,
): Promise<Page> {
  const { config } = dependencies;
  let customer = await ensureCustomer(dependencies, userId);
  const stripe = await dependencies.loadStripe();
  // Stripe's dashboard can delete a customer; its open sessions are still listed, but cannot be paid.
  if (await isDeleted(stripe, customer)) {
    customer = await replaceCustomer(dependencies, userId, customer);
  }
  const wanted = { customer, price: config.prices[plan], userId };
  return await createOnce(dependencies, userId, {
    look: () => findPage(dependencies, wanted),
    create: async (idempotencyKey) => {
      return { url: await openCheckout(dependencies, wanted, idempotencyKey), kind: "checkout" };
    },
  });
}

interface Page {
  url: string;
  kind: "checkout" | "portal";
}

const Subscriptions = listOf(z.looseObject({ status: z.string() }));
const Sessions = listOf(z.looseObject({
  id: z.string().check(z.minLength(1)),
  status: z.nullish(z.string()),
  url: z.nullish(z.string()),
  metadata: z.nullish(z.record(z.string(), z.string())),
}));

interface WantedCheckout {
  customer: string;
  price: string;
  userId: string;
}

/** The portal of a seller with a subscription, or an open session. Other open sessions expire: both could be paid. */
async function findPage(
  dependencies: BillingPageDependencies,
  { customer, price }: WantedCheckout,
): Promise<Seen<Page>> {
  const stripe = await dependencies.loadStripe();
  // Read from Stripe, not from our rows: the webhook may not have arrived yet.
  const subscriptions = await readStripe(
    Subscriptions,
    stripe.subscriptions.list({ customer, status: "all", limit: 100 }),
  );
  if (subscriptions.data.some(({ status }) => !ENDED_STATUSES.includes(status))) {
    return { found: { url: await openPortal(dependencies, customer), kind: "portal" } };
  }
  const sessions = await readStripe(
    Sessions,
    stripe.checkout.sessions.list({ customer, limit: 100 }),
  );
  let found: string | undefined;
  for (const session of sessions.data.filter(({ status }) => status === "open")) {
    if (session.metadata?.price === price && session.url) found ??= session.url;
    else if (!await expireSession(stripe, session.id)) return undefined;
  }
  if (found !== undefined) return { found: { url: found, kind: "checkout" } };
  // Requests at the same time see the same last session: they share the new one, or, for another plan,
  // are refused.
  return { missing: `checkout:${customer}:${sessions.data[0]?.id ?? "first"}` };
}

/** Returns whether it was open until now: the seller may have paid it a moment before. */
async function expireSession(stripe: Stripe, id: string): Promise<boolean> {
  try {
    await callStripe(stripe.checkout.sessions.expire(id));
    return true;
  } catch (error) {
    if (error instanceof BillingError && error.status === 400) return false;
    throw error;
  }
}

/** Returns the address of a new session. */
async function openCheckout(
  { loadStripe, appUrl }: BillingPageDependencies,
  { customer, price, userId }: WantedCheckout,
  idempotencyKey: string,
): Promise<string> {
  const stripe = await loadStripe();
  const call = stripe.checkout.sessions.create({
    mode: "subscription",
    customer,
    line_items: [{ price, quantity: 1 }],
    client_reference_id: userId,
    metadata: { user_id: userId, price },
    subscription_data: { metadata: { user_id: userId } },
    success_url: returnUrl(appUrl, "subscribed"),
    cancel_url: returnUrl(appUrl, "cancelled"),
  }, { idempotencyKey });
  return (await readStripe(StripePage, call)).url;
}
