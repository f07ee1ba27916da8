/** An outage of one TikTok call that is longer than all retries, at the end of a chaos run. */
import { finishClaims, letTimePass, runEventWorker } from "../support/shop.ts";
import type { OwnStack } from "../support/stack.ts";
import { atLeast, type Check, none } from "./check.ts";
import { retry } from "./retry.ts";
import type { ChaosSeller } from "./sellers.ts";

/** Get Order Detail; Get Order List works all the time. */
const OUTAGE = { path: /^\/order\/202309\/orders$/, kind: "rate_limit" } as const;
const ORDERS_PER_SHOP = 3;
const ATTEMPTS = 10;

/** Moves the clock of all events on; nothing else acts for an operator. */
async function passHours(stack: OwnStack, hours: number): Promise<void> {
  await retry("let hours pass", () =>
    stack.sql`
    update private.event_queue
    set next_attempt_at = next_attempt_at - make_interval(hours => ${hours})
    where status in ('pending', 'failing')`);
}

async function countFailing(stack: OwnStack): Promise<number> {
  const [row] = await stack.sql`
    select count(*)::int as events from private.webhook_events where status = 'failing'`;
  return row?.events;
}

/** Runs the outage and the recovery. The sellers' plans must have room. */
export async function outlastRetries(stack: OwnStack, sellers: ChaosSeller[]): Promise<Check[]> {
  // A longer wait than the client's own: each attempt is one call.
  stack.tiktok.faults.add({ ...OUTAGE, retryAfterSeconds: 60 });
  const ids: string[] = [];
  for (const shopId of sellers.flatMap((seller) => seller.shopIds)) {
    for (let n = 0; n < ORDERS_PER_SHOP; n++) {
      const order = stack.tiktok.addOrder({ shopId });
      ids.push(order.id);
      await stack.tiktok.send(stack.tiktok.notificationOf(order));
    }
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await retry("call the event worker", () => runEventWorker(stack));
    await finishClaims(stack);
    await letTimePass(stack);
  }
  await runEventWorker(stack);
  await finishClaims(stack);
  const failing = await countFailing(stack);

  stack.tiktok.faults.clear();
  await passHours(stack, 1);
  await runEventWorker(stack);
  await finishClaims(stack);
  const stored = await stack.sql<{ id: string }[]>`
    select tiktok_order_id as id from public.orders where tiktok_order_id = any (${ids})`;
  const found = new Set(stored.map(({ id }) => id));
  return [
    atLeast("events that outlived all their attempts in the outage", ids.length, failing),
    none("orders lost an hour after the recovery", ids.filter((id) => !found.has(id))),
  ];
}
