/** A seller buys a plan at the simulated checkout. */
import { unwrap } from "../../shared/database/errors.ts";
import type { StackEnvironment } from "./environment.ts";
import type { Seller } from "./seller.ts";
import { pollUntil } from "../time/poll_until.ts";

const TIMEOUT_MS = 30_000;

/** Pays at the simulated checkout, as the seller's app and browser do. */
export async function buyPlan(env: StackEnvironment, seller: Seller, plan: string): Promise<void> {
  const checkout = await fetch(`${env.SUPABASE_URL}/functions/v1/billing/checkout`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${seller.accessToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ plan }),
  });
  const { url, detail } = await checkout.json() as { url?: string; detail?: string };
  if (!url) throw new Error(`The checkout did not begin: ${detail ?? checkout.status}`);
  const paid = await fetch(`${url}/pay`, { method: "POST", redirect: "manual" });
  await paid.body?.cancel();
  if (paid.status >= 400) throw new Error(`Stripe's page answered ${paid.status}.`);
}

/** Waits until Stripe's webhook has changed the plan, as the app does when the seller comes back. */
export async function waitForLimit(seller: Seller, limit: number): Promise<void> {
  const hasLimit = async () => {
    const usage = unwrap("get_usage", await seller.client.rpc("get_usage"));
    return (usage as { limit: number }).limit === limit;
  };
  if (await pollUntil(hasLimit, { timeoutMs: TIMEOUT_MS })) return;
  throw new Error("The plan did not change within 30 s.");
}
