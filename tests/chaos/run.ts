/** One chaos run on a stack of its own: sellers, a storm, rest, and what is there then. */
import { setTimeout as sleep } from "node:timers/promises";
import type { OwnStack } from "../support/stack.ts";
import { atLeast, type Check, equal } from "./check.ts";
import { checkConnections, countTokens } from "./check_connections.ts";
import { checkEvents } from "./check_events.ts";
import { checkOrders, checkRelease } from "./check_orders.ts";
import { bearDriverErrors } from "../../local/postgres/driver_errors.ts";
import { Deliveries } from "./deliveries.ts";
import { patiently } from "./patience.ts";
import { makePlan, type Plan } from "./plan.ts";
import { seededRandom } from "../support/random.ts";
import { addSellers, type ChaosSeller, SHOP_WEIGHTS, takeLargerPlan } from "./sellers.ts";
import { Storm, type StormReport } from "./storm.ts";
import { countOpenEvents, countUntriedEvents, settle } from "./time.ts";

export interface ChaosOptions {
  deliveries: number;
  seed: number;
  /** 0 for never. */
  killEverySeconds: number;
  /** The storm goes on until there were so many. @default {1, or 0 if there are none} */
  leastKills?: number;
  /**
   * The storm goes on until every event was tried in it, but no longer than this after the deliveries.
   * @default {60}
   */
  aftermathSeconds?: number;
  restarts: number;
  onProgress?: (message: string) => void;
  /** Ends the run early. */
  signal?: AbortSignal;
}

export const DUPLICATES = 0.3;

const PROGRESS_MS = 10_000;
const AFTERMATH_SECONDS = 60;
/** Without faults, some hundred events are worked in a second. */
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

async function weather(
  stack: OwnStack,
  storm: Storm,
  deliveries: Deliveries,
  options: ChaosOptions & { signal: AbortSignal },
): Promise<void> {
  const { restarts, onProgress = () => {}, signal } = options;
  let sent = false;
  const sending = deliveries.run(signal).then(() => sent = true);
  let end = Infinity;
  let progressAt = Date.now() + PROGRESS_MS;
  const watch = async () => {
    while (true) {
      signal.throwIfAborted();
      if (sent && end === Infinity) {
        end = Date.now() + (options.aftermathSeconds ?? AFTERMATH_SECONDS) * 1000;
      }
      const untried = await patiently("count events", () => countUntriedEvents(stack));
      const { kills, outages } = storm.report;
      const isComplete = outages.length >= restarts && kills >= leastKills(options);
      if (sent && isComplete && (untried === 0 || Date.now() > end)) return;
      if (Date.now() > progressAt) {
        progressAt += PROGRESS_MS;
        const open = await patiently("count events", () => countOpenEvents(stack));
        onProgress(
          `${deliveries.accepted.size} notifications are in, ${open} events open, ` +
            `${kills} kills, ${outages.length} restarts of Postgres`,
        );
      }
      await sleep(200);
    }
  };
  await Promise.race([Promise.all([sending, watch()]), storm.failure]);
}

function stormChecks(deliveries: Deliveries, report: StormReport): Check[] {
  const { all, failed, hung } = report.calls;
  const share = (what: string, expected: number, found: number): Check => {
    // Four standard deviations: a share of some hundreds of calls is not exact.
    const slack = 4 * Math.sqrt(expected * (100 - expected) / all);
    const percent = 100 * found / all;
    return {
      what,
      expected: `about ${expected} %`,
      found: `${percent.toFixed(1)} % of ${all.toLocaleString("en")}`,
      ok: Math.abs(percent - expected) <= slack,
    };
  };
  const refused = [...deliveries.answers].filter(([status]) => status !== 200);
  return [
    share("calls of TikTok that failed", 20, failed),
    share("calls of TikTok that hung", 2, hung),
    atLeast("deliveries refused and sent again", 1, refused.reduce((sum, [, n]) => sum + n, 0)),
    atLeast("access tokens expired", 1, report.expirations),
  ];
}

function outageChecks(report: StormReport, restarts: number, driverErrors: number): Check[] {
  return [
    equal("restarts of Postgres, stopped hard", restarts, report.outages.length),
    ...report.outages.map(({ postgres, rest, auth }, i): Check => ({
      what: `restart ${i + 1}: Postgres, REST, Auth back`,
      expected: "each within 90 s",
      found: [postgres, rest, auth].map((ms) => `${(ms / 1000).toFixed(1)} s`).join(", "),
      ok: true,
    })),
    {
      what: "errors of postgres.js that would end the stack",
      expected: "any number",
      found: String(driverErrors),
      ok: true,
    },
  ];
}

/** @throws {Error} if it does not come to its end; what is wrong then is in the result. */
export async function runChaos(stack: OwnStack, options: ChaosOptions): Promise<Check[]> {
  const { seed, restarts, onProgress = () => {} } = options;
  const signal = options.signal ?? new AbortController().signal;
  using driverErrors = bearDriverErrors();
  const sellers = await addSellers(stack, options.deliveries < SMALL);
  const plan: Plan = makePlan(seededRandom(seed), {
    deliveries: options.deliveries,
    duplicates: DUPLICATES,
    shops: SHOP_WEIGHTS,
  });
  onProgress(
    `${plan.orders} orders in ${plan.changes} states; ${plan.deliveries} deliveries, of which ` +
      `${plan.deliveries - plan.changes} again and ${plan.late} after a newer state's`,
  );
  const before = await countTokens(stack);
  const shopIds = sellers.flatMap((seller) => seller.shopIds);
  const deliveries = new Deliveries(stack.tiktok, plan, shopIds);
  const storm = new Storm({
    stack,
    sellers,
    random: seededRandom(seed + 2),
    killEveryMs: options.killEverySeconds * 1000,
    restarts,
    progress: () => deliveries.progress,
  });
  try {
    await weather(stack, storm, deliveries, { ...options, signal });
  } finally {
    await storm.stop();
  }
  const { report } = storm;
  const open = await patiently("count events", () => countOpenEvents(stack));
  onProgress(`The storm is over; ${open} events are open`);
  report.reconnections += await settle(stack, sellers, MAX_SETTLE_MS);
  const checks = [
    ...stormChecks(deliveries, report),
    atLeast("kills of the function host", leastKills(options), report.kills),
    ...outageChecks(report, restarts, driverErrors.count),
    ...await checkEvents(stack, deliveries),
    ...await checkOrders(stack, sellers),
    ...await checkConnections(stack, sellers, before, report),
  ];
  onProgress("The seller with the small plan takes a larger one");
  const [small] = sellers as [ChaosSeller];
  await takeLargerPlan(stack, small);
  await settle(stack, sellers, MAX_SETTLE_MS);
  return [...checks, ...await checkRelease(stack, small)];
}
