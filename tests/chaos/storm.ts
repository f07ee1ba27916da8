/** What goes wrong while the webhooks come: faults, kills, restarts, expired tokens, lost leases. */
import { setTimeout as sleep } from "node:timers/promises";
import { runEventWorker } from "../support/shop.ts";
import type { Fault } from "../../local/simulators/faults.ts";
import type { OwnStack } from "../support/stack.ts";
import { type Outage, restartPostgres } from "./postgres.ts";
import { connectAgain } from "./sellers.ts";
import type { ChaosSeller } from "./sellers.ts";
import { patiently, within } from "./patience.ts";
import type { Random } from "../support/random.ts";
import { deadWorkersLeasesEnd, lostConnections, waitsEnd } from "./time.ts";

/** Shares of all calls of TikTok. The first three, 20 % together, are what fails. */
const FAULTS: (Fault & { probability: number })[] = [
  { kind: "internal", probability: 0.07 },
  { kind: "html", probability: 0.07 },
  { kind: "rate_limit", probability: 0.06 },
  // As long as the real time limit would only make the run longer.
  { kind: "hang", probability: 0.02, delayMs: 1500 },
  // An older state of an order is answered when a newer one is in already.
  { kind: "late", path: "/order/", probability: 0.03, delayMs: 700 },
];

/** The simulator asks one fault after the other: each gets its share of what the former ones left. */
export function setFaults(stack: OwnStack): void {
  let left = 1;
  for (const fault of FAULTS) {
    stack.tiktok.faults.add({ ...fault, probability: fault.probability / left });
    left -= fault.probability;
  }
}

/** What a loop has begun is over by then. */
const STOP_MS = 70_000;

/** What the killed functions have asked the database for is done by then. */
const QUIET_MS = 60;

export interface StormOptions {
  stack: OwnStack;
  sellers: ChaosSeller[];
  random: Random;
  /** 0 for never. */
  killEveryMs: number;
  /** How often Postgres is stopped. */
  restarts: number;
  /** How much of the deliveries has begun, 0 to 1. */
  progress: () => number;
}

/** What has really happened. */
export interface StormReport {
  kills: number;
  outages: Outage[];
  expirations: number;
  /** Sellers who had to connect again. */
  reconnections: number;
  /** Calls of TikTok while the faults were on, and how many of them were spoiled so. */
  calls: { all: number; failed: number; hung: number };
}

function countCalls({ faults }: OwnStack["tiktok"]): StormReport["calls"] {
  const spoiled = (...kinds: Fault["kind"][]) =>
    kinds.reduce((sum, kind) => sum + (faults.spoiled.get(kind) ?? 0), 0);
  return {
    all: faults.seen,
    failed: spoiled("internal", "html", "rate_limit"),
    hung: spoiled("hang"),
  };
}

export class Storm {
  readonly report: StormReport = {
    kills: 0,
    outages: [],
    expirations: 0,
    reconnections: 0,
    calls: { all: 0, failed: 0, hung: 0 },
  };
  readonly #callsBefore: number;
  readonly #options: StormOptions;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];

  constructor(options: StormOptions) {
    this.#options = options;
    const { killEveryMs } = options;
    this.#callsBefore = options.stack.tiktok.faults.seen;
    setFaults(options.stack);
    this.#loops = [
      ...(killEveryMs > 0 ? [this.#every(killEveryMs, () => this.#kill())] : []),
      this.#every(3000, () => this.#expireToken()),
      this.#every(3000, () => this.#timePasses()),
      // As the scheduler does, who does not mind an answer that does not come.
      this.#every(
        1000,
        () =>
          within(60_000, "the event worker", () => runEventWorker(options.stack))
            .then(() => {}, () => {}),
      ),
      this.#restart(),
    ];
    for (const loop of this.#loops) loop.catch(() => {});
  }

  /** Rejects when a loop of the storm fails. */
  get failure(): Promise<never> {
    return Promise.race(this.#loops.map((loop) => loop.then(() => new Promise<never>(() => {}))));
  }

  /** Ends the faults and lets what has begun come to its end. */
  async stop(): Promise<StormReport> {
    this.#stopping.abort();
    const calls = countCalls(this.#options.stack.tiktok);
    this.report.calls = { ...calls, all: calls.all - this.#callsBefore };
    this.#options.stack.tiktok.faults.clear();
    this.#options.stack.tiktok.faults.close();
    await within(STOP_MS, "end the storm", () => Promise.all(this.#loops));
    return this.report;
  }

  /** Does it about every so often. */
  async #every(ms: number, action: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(ms * (0.85 + this.#options.random.next() * 0.3), undefined, { signal })
        .catch(() => {});
      if (!signal.aborted) await action();
    }
  }

  /** @param meanwhile Done before another host runs. */
  async #kill(meanwhile?: () => Promise<void>): Promise<void> {
    const { stack } = this.#options;
    const pid = stack.functionHostPid();
    if (pid === 0) return;
    Deno.kill(pid, "SIGKILL");
    await meanwhile?.();
    const killedAt = new Date();
    await patiently("see another function host", () => {
      const now = stack.functionHostPid();
      if (now === 0 || now === pid) throw new Error("There is none");
      return Promise.resolve();
    });
    this.report.kills++;
    await patiently("end the leases", () => deadWorkersLeasesEnd(stack, killedAt));
  }

  async #restart(): Promise<void> {
    const { stack, sellers, restarts, progress } = this.#options;
    const { signal } = this.#stopping;
    const { email } = sellers[0] as ChaosSeller;
    while (this.report.outages.length < restarts && !signal.aborted) {
      const next = (this.report.outages.length + 1) / (restarts + 1);
      if (progress() >= next) {
        // As in a power cut, the functions go first. The driver under the stack's own REST does not
        // survive a restart in the middle of many requests: see docs/chaos.md.
        await this.#kill(async () => {
          await sleep(QUIET_MS);
          const credentials = { email, password: "a-password" };
          this.report.outages.push(await restartPostgres(stack, credentials));
        });
      }
      await sleep(50);
    }
  }

  async #expireToken(): Promise<void> {
    const { stack, sellers, random } = this.#options;
    const { openId } = sellers[random.whole(0, sellers.length - 1)] as ChaosSeller;
    // A week passes between two refreshes, and a minute in which a second one is not asked for.
    await patiently("let a token become old", () =>
      stack.sql`
      update private.tiktok_logins set last_refreshed_at = null where open_id = ${openId}`);
    stack.tiktok.expireAccessToken(openId);
    this.report.expirations++;
  }

  async #timePasses(): Promise<void> {
    const { stack, sellers } = this.#options;
    await patiently("let time pass", () => waitsEnd(stack));
    for (const openId of await patiently("look at the connections", () => lostConnections(stack))) {
      const seller = sellers.find((candidate) => candidate.openId === openId) as ChaosSeller;
      await patiently("connect again", () => connectAgain(stack, seller));
      this.report.reconnections++;
    }
  }
}
