/** Sellers with subscriptions, at Stripe and in our database. */
import assert from "node:assert/strict";
import type Stripe from "stripe";
import { environmentOf } from "../../local/stack/running_stack.ts";
import { type Seller, signInSeller } from "../../local/stack/seller.ts";
import { createStripe } from "../../shared/billing/stripe_client.ts";
import { readStripeConfig } from "../../shared/config.ts";
import type { Usage } from "../../shared/database/results.ts";
import type { Customer, Subscription } from "../../local/simulators/stripe/objects.ts";
import { readLogs } from "./logs.ts";
import { settledEvents } from "./shop.ts";
import type { TestStack } from "./stack.ts";

export interface BillingAnswer {
  status: number;
  // deno-lint-ignore no-explicit-any -- JSON of the API
  body: any;
}

/** Calls the function `billing` as a seller's app does. */
export async function callBilling(
  stack: TestStack,
  seller: { accessToken: string },
  path: string,
  body: unknown = {},
): Promise<BillingAnswer> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/billing${path}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${seller.accessToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** Pays on Stripe's page, as the seller does in the browser. */
export async function payCheckout(url: string): Promise<void> {
  const response = await fetch(`${url}/pay`, { method: "POST", redirect: "manual" });
  await response.body?.cancel();
  if (response.status >= 400) throw new Error(`Stripe's page answered ${response.status}`);
}

/** Pays on Stripe's page, and waits until our rows have the result. */
export async function payAndSettle(stack: TestStack, url: string): Promise<void> {
  await payCheckout(url);
  await stack.stripe.settled();
  await settledEvents(stack);
}

export async function usageOf(seller: Seller): Promise<Usage> {
  const { data, error } = await seller.client.rpc("get_usage");
  if (error) throw new Error(`get_usage failed with ${error.code}`);
  return data as unknown as Usage;
}

/** The client with which our backend calls Stripe. */
export function stripeOf(stack: TestStack): Stripe {
  return createStripe(readStripeConfig(environmentOf(stack.env)));
}

/** A seller without a shop. */
export async function signUp(stack: TestStack): Promise<Seller> {
  return await signInSeller(stack.env, `seller-${crypto.randomUUID()}@example.com`, "a-password");
}

/** The newest Stripe customer of a seller that is not deleted. */
export function customerOf(stack: TestStack, seller: { id: string }): Customer {
  const customer = stack.stripe.state.all("customers")
    .findLast(({ deleted, metadata }) => !deleted && metadata.user_id === seller.id);
  if (!customer) throw new Error("The seller has no customer at Stripe");
  return customer;
}

/** A customer's subscriptions at Stripe, oldest first. */
export function subscriptionsOf(stack: TestStack, customerId: string): Subscription[] {
  return stack.stripe.state.all("subscriptions").filter(({ customer }) => customer === customerId);
}

/** Creates a customer through a checkout that is not paid. Returns its id. */
export async function makeCustomer(stack: TestStack, seller: Seller): Promise<string> {
  const { status } = await callBilling(stack, seller, "/checkout", { plan: "starter" });
  if (status !== 200) throw new Error(`The checkout answered ${status}`);
  return customerOf(stack, seller).id;
}

/** Buys a plan, and waits until Stripe has sent its events. Returns the subscription at Stripe. */
export async function buy(
  stack: TestStack,
  seller: Seller,
  plan: string,
): Promise<Subscription> {
  const { status, body } = await callBilling(stack, seller, "/checkout", { plan });
  if (status !== 200 || body.kind !== "checkout") {
    throw new Error(`The checkout answered ${status} ${body.kind}`);
  }
  await payCheckout(body.url);
  await stack.stripe.settled();
  return subscriptionsOf(stack, customerOf(stack, seller).id).at(-1) as Subscription;
}

/** Buys a plan, and waits until our rows have it. */
export async function subscribeAtStripe(
  stack: TestStack,
  seller: Seller,
  plan: string,
): Promise<Subscription> {
  const subscription = await buy(stack, seller, plan);
  await settledEvents(stack);
  return subscription;
}

export interface Plan {
  status: string;
  tier: string;
  limit: number;
}

/** The plan in the seller's profile, and the limit that applies. */
export async function planOf(stack: TestStack, { id }: { id: string }): Promise<Plan> {
  const [row] = await stack.sql`
    select subscription_status as status, subscription_tier as tier,
      private.monthly_order_limit(id) as limit
    from public.users where id = ${id}`;
  return { ...row } as Plan;
}

/** A seller's rows of `subscriptions`, oldest first. */
export async function storedSubscriptions(
  stack: TestStack,
  { id }: { id: string },
): Promise<Record<string, unknown>[]> {
  const rows = await stack.sql`
    select plan_name, status, cancel_at_period_end from public.subscriptions
    where user_id = ${id} order by created_at, id`;
  return rows.map((row) => ({ ...row }));
}

/** Requests a comparison with Stripe, for all sellers or for one. Returns the event's id. */
export async function requestSync(stack: TestStack, userId?: string): Promise<number> {
  const response = await fetch(
    `${stack.env.SUPABASE_URL}/functions/v1/event-worker/sync-subscriptions`,
    {
      method: "POST",
      headers: { apikey: stack.env.SUPABASE_SECRET_KEY, "content-type": "application/json" },
      body: JSON.stringify({ user_id: userId }),
    },
  );
  const { event_id } = await response.json();
  if (response.status !== 202) throw new Error(`sync-subscriptions answered ${response.status}`);
  return event_id;
}

/** No log line of the stack has a key, a Stripe id or a seller's e-mail address. */
export async function assertNoSecretLogged(stack: TestStack): Promise<void> {
  const secrets = /\b(?:sk|rk)_(?:test|live)_\w|\bwhsec_\w|\b(?:cus|sub|cs_test|pi|ch|in)_\w{10}/;
  for await (const { path, text } of readLogs(stack)) {
    const leak = text.split("\n").find((line) => secrets.test(line) || /seller-[\w-]+@/.test(line));
    assert.equal(leak, undefined, path);
  }
}
