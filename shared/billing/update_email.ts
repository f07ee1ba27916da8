/** Gives a Stripe customer the e-mail address of its account. */
import { callFunction } from "../database/call_function.ts";
import { isNotFound } from "../database/errors.ts";
import type { ClaimedEvent, EventResult } from "../inbox/events.ts";
import { Outcome } from "../values/schemas.ts";
import type { BillingDependencies } from "./dependencies.ts";
import { readCustomer } from "./read_customer.ts";
import { isEmailRefused, isMissing } from "./errors.ts";
import { callStripe } from "./stripe.ts";

/** Handles an UPDATE_CUSTOMER_EMAIL task; `object_id` is the user. */
export async function updateCustomerEmail(
  dependencies: BillingDependencies,
  event: ClaimedEvent,
): Promise<EventResult> {
  const { database } = dependencies;
  let stored: string | undefined;
  for (;;) {
    const seller = await readCustomer(dependencies, event.object_id ?? "").catch((error) => {
      if (!isNotFound(error)) throw error;
    });
    if (seller?.customerId === undefined) return { ignored: "unknown_customer" };
    const { email, customerId } = seller;
    // Read again after the update: a worker with an older address may have been the last to store it.
    if (email === stored) break;
    try {
      const stripe = await dependencies.loadStripe();
      await callStripe(stripe.customers.update(customerId, { email }));
    } catch (error) {
      // Deleted at Stripe: the next checkout creates another one, with the present address.
      if (isMissing(error)) return { ignored: "unknown_customer" };
      // The customer keeps the address before; the account's next one is tried again.
      if (isEmailRefused(error)) return { ignored: "email_refused" };
      throw error;
    }
    stored = email;
  }
  const args = { p_event_id: event.event_id };
  return await callFunction(database, "settle_customer_email", args, Outcome);
}
