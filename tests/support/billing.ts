/** Sellers who pay, and what they have of it. */
import type Stripe from "stripe";
import { workerConfigOf } from "../../local/stack/running_stack.ts";
import { type Seller, signInSeller } from "../../local/stack/seller.ts";
import { createStripe } from "../../shared/billing/stripe.ts";
import type { Customer, Subscription } from "../../local/simulators/stripe/objects.ts";
import { settledEvents } from "./shop.ts";
import type { TestStack } from "./stack.ts";

export interface BillingAnswer {
  status: number;
  // deno-lint-ignore no-explicit-any -- what a caller of the API gets
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

export interface Usage {
  used: number;
  limit: number;
  held: number;
  month_ends_at: string;
}

export async function usageOf(seller: Seller): Promise<Usage> {
  const { data, error } = await seller.client.rpc("get_usage");
  if (error) throw new Error(`get_usage failed with ${error.code}`);
  return data as unknown as Usage;
}

/** Stripe as our backend calls it. */
export async function stripeOf(stack: TestStack): Promise<Stripe> {
  return createStripe((await workerConfigOf(stack.env)).stripe);
}

/** A seller without a shop. */
export async function signUp(stack: TestStack): Promise<Seller> {
  return await signInSeller(stack.env, `seller-${crypto.randomUUID()}@example.com`, "a-password");
}

/** The customer at Stripe that was made last for a seller. */
export function customerOf(stack: TestStack, seller: { id: string }): Customer {
  const customer = stack.stripe.state.all("customers")
    .findLast(({ deleted, metadata }) => !deleted && metadata.user_id === seller.id);
  if (!customer) throw new Error("The seller has no customer at Stripe");
  return customer;
}

/** All that Stripe has of a customer, oldest first. */
export function subscriptionsOf(stack: TestStack, customerId: string): Subscription[] {
  return stack.stripe.state.all("subscriptions").filter(({ customer }) => customer === customerId);
}

/** Makes a customer, as the checkout does it, and leaves its page alone. Returns its id. */
export async function makeCustomer(stack: TestStack, seller: Seller): Promise<string> {
  const { status } = await callBilling(stack, seller, "/checkout", { plan: "starter" });
  if (status !== 200) throw new Error(`The checkout answered ${status}`);
  return customerOf(stack, seller).id;
}

/** Buys a plan. Returns the subscription at Stripe; its events are sent if the simulator sends any. */
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

/** Buys a plan, and waits until that is known here. */
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

/** What the seller's profile says, and what the limit is. */
export async function planOf(stack: TestStack, { id }: { id: string }): Promise<Plan> {
  const [row] = await stack.sql`
    select subscription_status as status, subscription_tier as tier,
      private.monthly_order_limit(id) as limit
    from public.users where id = ${id}`;
  return { ...row } as Plan;
}

/** Our rows of a seller's subscriptions, oldest first. */
export async function storedSubscriptions(
  stack: TestStack,
  { id }: { id: string },
): Promise<Record<string, unknown>[]> {
  const rows = await stack.sql`
    select plan_name, status, cancel_at_period_end from public.subscriptions
    where user_id = ${id} order by created_at, id`;
  return rows.map((row) => ({ ...row }));
}

/** Has Stripe's subscriptions compared with ours, of everybody or of one seller. Returns the event. */
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
