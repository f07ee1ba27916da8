/** Customers that were deleted at Stripe. */
import type Stripe from "stripe";
import { isMissing } from "./errors.ts";
import { callStripe } from "./stripe.ts";

/** Whether Stripe says "deleted"; a customer that Stripe never had is not. @throws {BillingError} */
export async function isDeleted(
  stripe: Stripe,
  customerId: string,
): Promise<boolean> {
  try {
    return (await callStripe(stripe.customers.retrieve(customerId))).deleted === true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
