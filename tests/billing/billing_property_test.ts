/**
 * Billing under random histories: for any events in any order, our rows only go forward through Stripe's
 * states, no limit is higher than Stripe allowed at any time, and after a comparison both sides are equal.
 * In the end both accounts are deleted: nothing goes on charging unseen.
 * HISTORIES=100 runs more histories; a failure prints its seed.
 */
import fc from "fast-check";
import Stripe from "stripe";
import { environmentOf } from "../../local/stack/running_stack.ts";
import { readEncryptionKeys } from "../../shared/config.ts";
import { createEventProcessor } from "../../shared/event_routes.ts";
import { makeCustomer, signUp } from "../support/billing.ts";
import { BillingHistory, type BillingHistoryWorld } from "../support/billing_history.ts";
import { billingStep } from "../support/billing_steps.ts";
import { endAccounts } from "../support/end_accounts.ts";
import { type FaultyProxy, startFaultyProxy } from "../support/faulty_proxy.ts";
import { sampleSize } from "../support/sample_size.ts";
import type { TestStack } from "../support/stack.ts";
import { takeBillingStep } from "../support/take_billing_step.ts";
import { test } from "../support/shared_stack.ts";

/** A client that does not repeat failed calls. */
function createPlainStripe(stack: TestStack): Stripe {
  const { hostname, port } = new URL(stack.env.SUPABASE_URL);
  return new Stripe(stack.env.STRIPE_SECRET_KEY, {
    ...{ host: hostname, port, protocol: "http", maxNetworkRetries: 0, telemetry: false },
    httpClient: Stripe.createFetchHttpClient((input, init) => {
      const url = new URL(String(input));
      url.pathname = `/simulators/stripe${url.pathname}`;
      return fetch(url, init);
    }),
  });
}

async function createWorld(stack: TestStack, proxy: FaultyProxy): Promise<BillingHistoryWorld> {
  const variables = environmentOf(stack.env);
  const { processor } = createEventProcessor({
    env: (name) => name === "SUPABASE_URL" ? proxy.url : variables(name),
  });
  const stripe = createPlainStripe(stack);
  const product = await stripe.products.create({ name: "Consulting" });
  const { id: unknownPrice } = await stripe.prices.create({
    ...{ product: product.id, currency: "usd", unit_amount: 100 },
    recurring: { interval: "month" },
  });
  return { stack, processor, proxy, stripe, keys: readEncryptionKeys(variables), unknownPrice };
}

test("random histories: rows only go forward through Stripe's states, within its limits, and end equal", async (stack) => {
  await using proxy = startFaultyProxy(stack.env.SUPABASE_URL);
  stack.stripe.behaviour.autoSend = false;
  const world = await createWorld(stack, proxy);
  const property = fc.asyncProperty(
    fc.array(billingStep, { minLength: 20, maxLength: 60 }),
    async (steps) => {
      const sellers = await Promise.all([signUp(stack), signUp(stack)]);
      for (const seller of sellers) await makeCustomer(stack, seller);
      const history = new BillingHistory(world, sellers);
      for (const step of steps) {
        await takeBillingStep(history, step);
        await history.check();
      }
      await history.comeToRest();
      await history.checkEnd();
      await endAccounts(history);
      await stack.sql`delete from private.webhook_events`;
    },
  );
  const numRuns = Number(Deno.env.get("HISTORIES") ?? sampleSize({ gate: 2, long: 20 }));
  await fc.assert(property, { numRuns, endOnFailure: true, verbose: 1 });
});
