/** Removes a seeded seller from the simulators, which keep their data when a database is emptied. */
import Stripe from "stripe";
import type { StackEnvironment } from "../stack/environment.ts";
import { control } from "../stack/simulator_control.ts";
import type { SeededSeller } from "./seeded.ts";

/** Customers are deleted at Stripe, with their subscriptions; shops close at TikTok, with their orders. */
export async function forgetSeller(
  env: StackEnvironment,
  { email, shops }: SeededSeller,
): Promise<void> {
  const { customers } = await control<{ customers: { id: string; email: string | null }[] }>(
    ...[env, "stripe", "", { method: "GET" }] as const,
  );
  for (const customer of customers.filter((candidate) => candidate.email === email)) {
    const response = await fetch(`${env.STRIPE_API_URL}/v1/customers/${customer.id}`, {
      method: "DELETE",
      headers: {
        authorization: `Bearer ${env.STRIPE_SECRET_KEY}`,
        "stripe-version": Stripe.API_VERSION,
      },
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`Stripe did not delete a customer: HTTP ${response.status}`);
  }
  for (const { id } of shops) {
    await control(env, "tiktok", `shops/${id}`, { method: "DELETE", alsoExpected: [404] });
  }
}
