/** The handlers of events about subscriptions and Stripe's customers. */
import type { DatabaseClient } from "../database/client.ts";
import { type HandlerOptions, handleWith } from "../inbox/events.ts";
import { createOnFirstUse } from "../values/create_on_first_use.ts";
import { createBillingDependencies } from "./dependencies.ts";
import { recordDispute, stripeHandler, syncDeletedCustomer } from "./handle_events.ts";
import { subscriptionHandler } from "./handle_subscription_events.ts";
import { checkDeletedCustomer } from "./orphans.ts";
import { compareNextPage } from "./reconciliation.ts";
import { updateCustomerEmail } from "./update_email.ts";

export function createBillingHandlers(database: DatabaseClient, { env }: HandlerOptions) {
  const billing = createOnFirstUse(() => createBillingDependencies(database, env));
  return {
    syncNamedSubscriptions: subscriptionHandler(billing),
    syncDeletedCustomer: stripeHandler(billing, syncDeletedCustomer),
    recordDispute: stripeHandler(billing, recordDispute),
    compareNextPage: handleWith(billing, compareNextPage),
    updateCustomerEmail: handleWith(billing, updateCustomerEmail),
    checkDeletedCustomer: handleWith(billing, checkDeletedCustomer),
  };
}
