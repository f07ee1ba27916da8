/** Sends sellers to Stripe's checkout, or to the portal if they have a subscription. */
import { ensureCustomer, isDeleted, replaceCustomer } from "./customers.ts";
import type { BillingPageDependencies } from "./dependencies.ts";
import type { PaidPlan } from "./plans.ts";
import { openPortal, returnUrl } from "./portal.ts";
import { BillingError, callStripe, isMissing } from "./stripe.ts";

/** Maximum attempts when a seller clicks several plans at once. */
const MAX_ATTEMPTS = 5;

/** A seller whose subscriptions all have these statuses may subscribe again. */
const ENDED_STATUSES = ["canceled", "incomplete_expired"];

/**
 * Opens the checkout of a plan, or the portal if the seller has a subscription: there is never a second one.
 * @throws {BillingError} @throws {DatabaseError} not found: account deleted
 */
export async function beginCheckout(
  dependencies: BillingPageDependencies,
  userId: string,
  plan: PaidPlan,
): Promise<{ url: string; kind: "checkout" | "portal" }> {
  const { stripe, config } = dependencies;
  let customer = await ensureCustomer(dependencies, userId);
  // Stripe's dashboard can delete a customer; its open sessions are still listed, but cannot be paid.
  if (await isDeleted(stripe, customer)) {
    customer = await replaceCustomer(dependencies, userId, customer);
  }
  const wanted = { customer, price: config.prices[plan], userId };
  for (let attempt = 1;; attempt++) {
    // Read from Stripe, not from our rows: the webhook may not have arrived yet.
    const subscriptions = await callStripe(
      stripe.subscriptions.list({ customer, status: "all", limit: 100 }),
    );
    if (subscriptions.data.some(({ status }) => !ENDED_STATUSES.includes(status))) {
      return { url: await openPortal(dependencies, customer), kind: "portal" };
    }
    try {
      return { url: await openCheckout(dependencies, wanted), kind: "checkout" };
    } catch (error) {
      if (!isOvertaken(error) || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}

/** A request for another plan has created or expired a session at the same time: list them again. */
function isOvertaken(error: unknown): boolean {
  return error instanceof BillingError && [400, 409].includes(error.status) && !isMissing(error);
}

/** Returns the address of an open session, or of a new one. Two open sessions could both be paid. */
async function openCheckout(
  { stripe, appUrl }: BillingPageDependencies,
  { customer, price, userId }: { customer: string; price: string; userId: string },
): Promise<string> {
  const sessions = await callStripe(stripe.checkout.sessions.list({ customer, limit: 100 }));
  let found: string | undefined;
  for (const session of sessions.data.filter(({ status }) => status === "open")) {
    if (session.metadata?.price === price && session.url) found ??= session.url;
    else await callStripe(stripe.checkout.sessions.expire(session.id));
  }
  if (found !== undefined) return found;
  const session = await callStripe(stripe.checkout.sessions.create({
    mode: "subscription",
    customer,
    line_items: [{ price, quantity: 1 }],
    client_reference_id: userId,
    metadata: { user_id: userId, price },
    subscription_data: { metadata: { user_id: userId } },
    success_url: returnUrl(appUrl, "subscribed"),
    cancel_url: returnUrl(appUrl, "cancelled"),
  }, {
    // Requests at the same time see the same last session: they share the new one, or, for another plan,
    // are refused.
    idempotencyKey: `checkout:${customer}:${sessions.data[0]?.id ?? "first"}`,
  }));
  if (!session.url) throw new Error("Stripe's checkout session has no address");
  return session.url;
}
