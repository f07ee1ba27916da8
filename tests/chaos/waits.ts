/** Ends waits and leases that a chaos run does not wait for, and counts open work. */
import { LEASE_SECONDS } from "../../shared/tiktok/connections/refresh_login.ts";
import { letTimePass } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";

/**
 * Ends the waits after failures, and the leases of events, of live workers too: those finish late, when
 * another worker has had their event.
 */
export async function endWaits(stack: TestStack): Promise<void> {
  await letTimePass(stack);
  await stack.sql`update private.tiktok_logins set refresh_not_before = null`;
}

/**
 * Ends the leases of token refreshes whose workers were killed. Those of live workers stay: they are longer
 * than a refresh takes, and a refresh token works once.
 */
export async function endLeasesOfKilled(stack: TestStack, killedAt: Date): Promise<void> {
  // Calls that the killed worker had sent may reach the database a moment later.
  const last = new Date(killedAt.getTime() + LEASE_SECONDS * 1000 + 200);
  await stack.sql`
    update private.tiktok_logins set lease_until = now()
    where lease_until > now() and lease_until <= ${last}`;
}

/** The logins whose sellers have to connect again. */
export async function lostConnections(stack: TestStack): Promise<string[]> {
  const rows = await stack.sql`
    select distinct open_id from public.tiktok_shops where connection_status = 'needs_reauth'`;
  return rows.map((row) => row.open_id);
}

export async function countOpenEvents(stack: TestStack): Promise<number> {
  const [row] = await stack.sql`
    select count(*)::int as events from private.event_queue
    where status in ('pending', 'processing')`;
  return row?.events;
}

/** Events that no worker has tried yet. */
export async function countUntriedEvents(stack: TestStack): Promise<number> {
  const [row] = await stack.sql`
    select count(*)::int as events from private.event_queue
    where status = 'pending' and claims = 0`;
  return row?.events;
}
