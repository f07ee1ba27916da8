/** Lets the hours pass that a chaos run does not wait for, and brings it to its end. */
import { setTimeout as sleep } from "node:timers/promises";
import { LEASE_SECONDS } from "../../shared/tiktok/connections/refresh_login.ts";
import { makeRefreshesDue } from "../support/logins.ts";
import { letTimePass, runEventWorker } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { patiently } from "./patience.ts";
import { type ChaosSeller, connectAgain } from "./sellers.ts";

/**
 * The waits after failures are over, and the leases of events, of live workers too: they come back late
 * and find that another has had their event.
 */
export async function waitsEnd(stack: TestStack): Promise<void> {
  await letTimePass(stack);
  await stack.sql`update private.tiktok_logins set refresh_not_before = null`;
}

/**
 * The leases of token refreshes whose workers were killed then. Those of live workers stay: they are
 * longer than a refresh takes, and a refresh token works once.
 */
export async function deadWorkersLeasesEnd(stack: TestStack, killedAt: Date): Promise<void> {
  // What the dead one had sent may have come to the database a moment later.
  const last = new Date(killedAt.getTime() + LEASE_SECONDS * 1000 + 200);
  await stack.sql`
    update private.tiktok_logins set lease_until = now()
    where lease_until > now() and lease_until <= ${last}`;
}

/** The logins whose sellers have to agree anew. */
export async function lostConnections(stack: TestStack): Promise<string[]> {
  const rows = await stack.sql`
    select distinct open_id from public.tiktok_shops where connection_status = 'needs_reauth'`;
  return rows.map((row) => row.open_id);
}

export async function countOpenEvents(stack: TestStack): Promise<number> {
  const [row] = await stack.sql`
    select count(*)::int as events from private.webhook_events
    where status in ('pending', 'processing')`;
  return row?.events;
}

/** Events that no worker has tried yet. */
export async function countUntriedEvents(stack: TestStack): Promise<number> {
  const [row] = await stack.sql`
    select count(*)::int as events from private.webhook_events
    where status = 'pending' and attempts = 0`;
  return row?.events;
}

/**
 * Calls the event worker until nothing is open and every shop is connected.
 * @returns How many sellers had to connect again.
 * @throws {Error} after `timeoutMs`, with an example of what is still open.
 */
export async function settle(
  stack: TestStack,
  sellers: ChaosSeller[],
  timeoutMs: number,
): Promise<number> {
  const end = Date.now() + timeoutMs;
  let reconnections = 0;
  while (true) {
    await patiently("let time pass", async () => {
      await makeRefreshesDue(stack);
      await letTimePass(stack);
    });
    await patiently(
      "call the event worker",
      () => runEventWorker(stack),
      timeoutMs,
      timeoutMs,
    );
    const lost = await lostConnections(stack);
    for (const seller of sellers.filter(({ openId }) => lost.includes(openId))) {
      await connectAgain(stack, seller);
      reconnections++;
    }
    const open = await countOpenEvents(stack);
    if (open === 0 && lost.length === 0) return reconnections;
    if (Date.now() > end) {
      const [event] = await stack.sql`
        select id, event_type, status, attempts, last_error from private.webhook_events
        where status in ('pending', 'processing') order by id limit 1`;
      throw new Error(
        `It does not come to rest: after ${timeoutMs / 1000} s, with TikTok well again, ${open} ` +
          `events are open and ${lost.length} logins lost, e.g. ${JSON.stringify(event)}`,
      );
    }
    await sleep(100);
  }
}
