/** One chaos run on a stack of its own: sellers, deliveries amid faults, and checks of the result. */
import { setTimeout as sleep } from "node:timers/promises";
import { ignoreDriverErrors } from "../support/driver_errors.ts";
import { seededRandom } from "../support/random.ts";
import type { OwnStack } from "../support/stack.ts";
import { takeProblems } from "../support/tiktok_openapi/watch_calls.ts";
import { atLeast, type Check, none } from "./check.ts";
import { checkConnections, countTokens } from "./check_connections.ts";
import { checkEvents } from "./check_events.ts";
import { checkFaults, checkOutages } from "./check_faults.ts";
import { checkOrders, checkRelease } from "./check_orders.ts";
import { Deliveries } from "./deliveries.ts";
import { FaultSchedule } from "./fault_schedule.ts";
import { outlastRetries } from "./long_outage.ts";
import { makePlan, type Plan } from "./plan.ts";
import { retry } from "./retry.ts";
import { addSellers, type ChaosSeller, SHOP_WEIGHTS, takeLargerPlan } from "./sellers.ts";
import { settle } from "./settle.ts";
import { countOpenEvents, countUntriedEvents } from "./waits.ts";

export interface ChaosOptions {
  deliveries: number;
  seed: number;
  /** 0 for never. */
  killEverySeconds: number;
  /** The faults continue until this number of kills. @default {1, or 0 if there are no kills} */
  leastKills?: number;
  /**
   * The faults continue until every event was tried during them, but no longer than this after the
   * deliveries. @default {60}
   */
  aftermathSeconds?: number;
  restarts: number;
  onProgress?: (message: string) => void;
}

const DUPLICATES = 0.3;

const PROGRESS_MS = 10_000;
const AFTERMATH_SECONDS = 60;
/** Without faults, some hundred events are processed in a second. */
const MAX_SETTLE_MS = 180_000;
/** Below that, the plan starter would take all orders. */
const SMALL = 2000;

/** The simulator's faults have random numbers of their own: other calls must not change the plan. */
export function faultsRandom(seed: number): () => number {
  return seededRandom(seed + 1).next;
}

function leastKills({ killEverySeconds, leastKills }: ChaosOptions): number {
  return killEverySeconds > 0 ? leastKills ?? 1 : 0;
}

/** Runs the deliveries until they and the planned faults are complete. */
async function deliverAmidFaults(
  stack: OwnStack,
  faults: FaultSchedule,
  deliveries: Deliveries,
  options: ChaosOptions,
): Promise<void> {
  const { restarts, onProgress = () => {} } = options;
  let sent = false;
  const sending = deliveries.run().then(() => sent = true);
  let end = Infinity;
  let progressAt = Date.now() + PROGRESS_MS;
  const watch = async () => {
    while (true) {
      if (sent && end === Infinity) {
        end = Date.now() + (options.aftermathSeconds ?? AFTERMATH_SECONDS) * 1000;
      }
      const untried = await retry("count events", () => countUntriedEvents(stack));
      const { kills, outages } = faults.report;
      const isComplete = outages.length >= restarts && kills >= leastKills(options);
      if (sent && isComplete && (untried === 0 || Date.now() > end)) return;
      if (Date.now() > progressAt) {
        progressAt += PROGRESS_MS;
        const open = await retry("count events", () => countOpenEvents(stack));
        onProgress(
          `${deliveries.accepted.size} notifications are accepted, ${open} events open, ` +
            `${kills} kills, ${outages.length} restarts of Postgres; answers: ` +
            [...deliveries.answers].map(([status, count]) => `${count} x ${status}`).join(", "),
        );
      }
      await sleep(200);
    }
  };
  await Promise.race([Promise.all([sending, watch()]), faults.failure]);
}

function describePlan(plan: Plan): string {
  return `${plan.orders} orders in ${plan.changes} states; ${plan.deliveries} deliveries, ` +
    `${plan.deliveries - plan.changes} of them duplicates and ${plan.late} after a newer state's`;
}

/** @throws {Error} if the run does not finish; wrong results are in the returned checks. */
export async function runChaos(stack: OwnStack, options: ChaosOptions): Promise<Check[]> {
  const { seed, restarts, onProgress = () => {} } = options;
  using _driverErrors = ignoreDriverErrors();
  const sellers = await addSellers(stack, options.deliveries < SMALL);
  const plan = makePlan(seededRandom(seed), {
    deliveries: options.deliveries,
    duplicates: DUPLICATES,
    shops: SHOP_WEIGHTS,
  });
  onProgress(describePlan(plan));
  const before = await countTokens(stack);
  const shopIds = sellers.flatMap((seller) => seller.shopIds);
  const deliveries = new Deliveries(stack.tiktok, plan, shopIds);
  const faults = new FaultSchedule({
    stack,
    sellers,
    random: seededRandom(seed + 2),
    killEveryMs: options.killEverySeconds * 1000,
    restarts,
    progress: () => deliveries.progress,
  });
  try {
    await deliverAmidFaults(stack, faults, deliveries, options);
  } finally {
    await faults.stop();
  }
  const { report } = faults;
  const open = await retry("count events", () => countOpenEvents(stack));
  onProgress(`The faults have ended; ${open} events are open`);
  report.reconnections += await settle(stack, sellers, MAX_SETTLE_MS);
  const checks = [
    ...checkFaults(deliveries, report),
    none("differences from TikTok's OpenAPI", takeProblems()),
    atLeast("kills of the function host", leastKills(options), report.kills),
    ...checkOutages(report, restarts),
    ...await checkEvents(stack, deliveries),
    ...await checkOrders(stack, sellers),
    ...await checkConnections(stack, sellers, before, report),
  ];
  onProgress("The seller with the small plan takes a larger one");
  const [small] = sellers as [ChaosSeller];
  await takeLargerPlan(stack, small);
  await settle(stack, sellers, MAX_SETTLE_MS);
  checks.push(...await checkRelease(stack, small));
  onProgress("Get Order Detail fails for longer than all retries");
  return [...checks, ...await outlastRetries(stack, sellers)];
}
