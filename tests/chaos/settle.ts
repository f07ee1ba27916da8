/** Brings a chaos run to its end after the faults. */
import { setTimeout as sleep } from "node:timers/promises";
import { makeRefreshesDue } from "../support/logins.ts";
import { letTimePass, runEventWorker } from "../support/shop.ts";
import type { TestStack } from "../support/stack.ts";
import { retry } from "./retry.ts";
import { type ChaosSeller, connectAgain } from "./sellers.ts";
import { countOpenEvents, lostConnections } from "./waits.ts";

/**
 * Calls the event worker until no event is open and every shop is connected.
 * @returns The number of sellers who had to connect again.
 * @throws {Error} after `timeoutMs`, with an example of an open event.
 */
export async function settle(
  stack: TestStack,
  sellers: ChaosSeller[],
  timeoutMs: number,
): Promise<number> {
  const end = Date.now() + timeoutMs;
  let reconnections = 0;
  while (true) {
    await retry("let time pass", async () => {
      await makeRefreshesDue(stack);
      await letTimePass(stack);
    });
    const limits = { timeoutMs, attemptMs: timeoutMs };
    await retry("call the event worker", () => runEventWorker(stack), limits);
    const lost = await lostConnections(stack);
    for (const seller of sellers.filter(({ openId }) => lost.includes(openId))) {
      await connectAgain(stack, seller);
      reconnections++;
    }
    const open = await countOpenEvents(stack);
    if (open === 0 && lost.length === 0) return reconnections;
    if (Date.now() > end) {
      throw new Error(
        `The run does not settle: ${timeoutMs / 1000} s after the last fault, ${open} events are ` +
          `open and ${lost.length} logins lost, e.g. ${await describeOpenEvent(stack)}`,
      );
    }
    await sleep(100);
  }
}

async function describeOpenEvent(stack: TestStack): Promise<string> {
  const [event] = await stack.sql`
    select id, event_type, status, attempts, last_error from private.inbox_events
    where status in ('pending', 'processing') order by id limit 1`;
  return JSON.stringify(event);
}
