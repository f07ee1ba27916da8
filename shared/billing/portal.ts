/** Sends sellers to Stripe's customer portal, where they change, pay and cancel a subscription. */
import * as z from "zod/mini";
import { isDeleted } from "./deleted_customer.ts";
import type { BillingPageDependencies } from "./dependencies.ts";
import { readCustomer } from "./read_customer.ts";
import { isMissing } from "./errors.ts";
import { readStripe } from "./stripe.ts";
import { LoggableError } from "../loggable_error.ts";

/** A session of the checkout or of the portal, whose page the seller opens. */
export const StripePage = z.looseObject({ url: z.url({ protocol: /^https?$/ }) });

/** The seller has never subscribed. */
export class NoSubscriptionError extends LoggableError {
  override name = "NoSubscriptionError";
}

/** The app's page with `billing`, which says where the seller comes from: docs/billing.md. */
export function returnUrl(appUrl: string, billing: string): string {
  const url = new URL(appUrl);
  url.searchParams.set("billing", billing);
  return url.href;
}

/** @throws {NoSubscriptionError} @throws {BillingError} @throws {DatabaseError} not found: account deleted */
export async function beginPortal(
  dependencies: BillingPageDependencies,
  userId: string,
): Promise<{ url: string }> {
  const { customerId } = await readCustomer(dependencies, userId);
  if (customerId === undefined) throw new NoSubscriptionError();
  try {
    return { url: await openPortal(dependencies, customerId) };
  } catch (error) {
    if (isMissing(error) && await isDeleted(await dependencies.loadStripe(), customerId)) {
      throw new NoSubscriptionError();
    }
    throw error;
  }
}

/** Returns the address of a new session of the portal. @throws {BillingError} */
export async function openPortal(
  { loadStripe, appUrl }: Pick<BillingPageDependencies, "loadStripe" | "appUrl">,
  customer: string,
): Promise<string> {
  const stripe = await loadStripe();
  const call = stripe.billingPortal.sessions.create({
    customer,
    return_url: returnUrl(appUrl, "returned"),
  });
  return (await readStripe(StripePage, call)).url;
}
