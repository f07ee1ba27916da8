/** Sellers who pay, and what they have of it. */
import type { Seller } from "../../local/seller.ts";
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
