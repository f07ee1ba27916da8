/** Accounts that are deleted, and what Stripe could still charge. */
import type { Seller } from "../../local/stack/seller.ts";
import { OPEN_STATUSES } from "../../local/simulators/stripe/objects.ts";
import type { TestStack } from "./stack.ts";

/** Calls `DELETE /account` as the seller's app does. */
export async function deleteAccountOf(
  stack: TestStack,
  { accessToken, email }: Pick<Seller, "accessToken" | "email">,
): Promise<{ status: number; code: string | undefined }> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/account`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ email }),
  });
  const text = await response.text();
  return { status: response.status, code: text === "" ? undefined : JSON.parse(text).code };
}

/** Ids of the subscriptions of a seller's customers that have not ended at Stripe. */
export function liveSubscriptionsOf(stack: TestStack, { id }: { id: string }): string[] {
  const { state } = stack.stripe;
  const customers = state.all("customers").filter(({ metadata }) => metadata?.user_id === id);
  return state.all("subscriptions")
    .filter(({ customer, status }) =>
      OPEN_STATUSES.includes(status) && customers.some((own) => own.id === customer)
    )
    .map((subscription) => subscription.id);
}

/** Ids of the subscriptions among these that were reported as orphaned. */
export async function reportedOrphans(stack: TestStack, ids: string[]): Promise<string[]> {
  const rows = await stack.sql`
    select details ->> 'stripe_subscription_id' as id from public.system_logs
    where event_type = 'subscription_orphaned' and details ->> 'action' = 'reported'`;
  return rows.map(({ id }) => id).filter((id) => ids.includes(id));
}
