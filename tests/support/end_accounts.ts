/** The end of a random billing history: one account is deleted by our function, the other past it. */
import assert from "node:assert/strict";
import { deleteAccountOf, liveSubscriptionsOf, reportedOrphans } from "./accounts.ts";
import type { BillingHistory } from "./billing_history.ts";

/** The first has no live subscription afterwards; each one of the second is reported. */
export async function endAccounts(history: BillingHistory): Promise<void> {
  const { stack } = history.world;
  const [byFunction, past] = [history.seller(0), history.seller(1)];
  const running = liveSubscriptionsOf(stack, past);
  assert.equal((await deleteAccountOf(stack, byFunction)).status, 204);
  assert.deepEqual(liveSubscriptionsOf(stack, byFunction), []);
  await stack.sql`delete from auth.users where id = ${past.id}`;
  await history.processEvents();
  assert.deepEqual((await reportedOrphans(stack, running)).sort(), running.sort());
  stack.stripe.pendingEvents.splice(0);
}
