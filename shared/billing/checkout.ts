/** Sends sellers to Stripe's pages: to subscribe, and to change what they have. */
import { ensureCustomer, findCustomerOf, isDeleted, replaceCustomer } from "./customers.ts";
import type { PaidPlan } from "./plans.ts";
import { ask, BillingError, isMissing } from "./stripe.ts";
import type { BillingDependencies } from "./dependencies.ts";

export interface CheckoutDependencies extends BillingDependencies {
  /** The seller's page, where Stripe's pages end. */
  appUrl: string;
}

/** Of a seller who clicks on several plans at once. */
const MAX_ATTEMPTS = 5;

/** Over for good: whoever had one of these may subscribe again. */
const OVER = ["canceled", "incomplete_expired"];

function returnTo(appUrl: string, outcome: string): string {
  const url = new URL(appUrl);
  url.searchParams.set("billing", outcome);
  return url.href;
}

/**
 * Where the seller goes: to the checkout of a plan, or to the portal, where a subscription that is there
 * already can be changed. A second one is never begun.
 * @throws {BillingError} @throws {DatabaseError} PT404
 */
export async function beginCheckout(
  dependencies: CheckoutDependencies,
  userId: string,
  plan: PaidPlan,
): Promise<{ url: string; kind: "checkout" | "portal" }> {
  const { stripe, config } = dependencies;
  let customer = await ensureCustomer(dependencies, userId);
  // Somebody did so in Stripe's dashboard; its open sessions are still listed, and cannot be paid.
  if (await isDeleted(stripe, customer)) {
    customer = await replaceCustomer(dependencies, userId, customer);
  }
  const wanted = { customer, price: config.prices[plan], userId };
  for (let attempt = 1;; attempt++) {
    // Stripe's own word: its webhook may be still under way.
    const subscriptions = await ask(
      stripe.subscriptions.list({ customer, status: "all", limit: 100 }),
    );
    if (subscriptions.data.some(({ status }) => !OVER.includes(status))) {
      return { url: await openPortal(dependencies, customer), kind: "portal" };
    }
    try {
      return { url: await openCheckout(dependencies, wanted), kind: "checkout" };
    } catch (error) {
      // A request for another plan at the same time has made a session, or ended one: look again.
      const isOvertaken = error instanceof BillingError && [400, 409].includes(error.status) &&
        !isMissing(error);
      if (!isOvertaken || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}

/** The address of a checkout that is open, or of a new one; of two open ones both could be paid. */
async function openCheckout(
  { stripe, appUrl }: CheckoutDependencies,
  { customer, price, userId }: { customer: string; price: string; userId: string },
): Promise<string> {
  const sessions = await ask(stripe.checkout.sessions.list({ customer, limit: 100 }));
  let found: string | undefined;
  for (const session of sessions.data.filter(({ status }) => status === "open")) {
    if (session.metadata?.price === price && session.url) found ??= session.url;
    else await ask(stripe.checkout.sessions.expire(session.id));
  }
  if (found !== undefined) return found;
  const session = await ask(stripe.checkout.sessions.create({
    mode: "subscription",
    customer,
    line_items: [{ price, quantity: 1 }],
    client_reference_id: userId,
    metadata: { user_id: userId, price },
    subscription_data: { metadata: { user_id: userId } },
    success_url: returnTo(appUrl, "subscribed"),
    cancel_url: returnTo(appUrl, "cancelled"),
  }, {
    // Requests at the same time find the same last session: they get one session together, and those for
    // another plan a refusal.
    idempotencyKey: `checkout:${customer}:${sessions.data[0]?.id ?? "first"}`,
  }));
  if (!session.url) throw new Error("Stripe's checkout session has no address");
  return session.url;
}

/** The seller has never subscribed. */
export class NoSubscriptionError extends Error {
  override name = "NoSubscriptionError";
}

/** @throws {NoSubscriptionError} @throws {BillingError} @throws {DatabaseError} not found: account deleted */
export async function beginPortal(
  dependencies: CheckoutDependencies,
  userId: string,
): Promise<{ url: string }> {
  const { customerId } = await findCustomerOf(dependencies, userId);
  if (customerId === undefined) throw new NoSubscriptionError();
  try {
    return { url: await openPortal(dependencies, customerId) };
  } catch (error) {
    if (isMissing(error) && await isDeleted(dependencies.stripe, customerId)) {
      throw new NoSubscriptionError();
    }
    throw error;
  }
}

async function openPortal(
  { stripe, appUrl }: Pick<CheckoutDependencies, "stripe" | "appUrl">,
  customer: string,
): Promise<string> {
  const session = await ask(stripe.billingPortal.sessions.create({
    customer,
    return_url: returnTo(appUrl, "returned"),
  }));
  return session.url;
}
