/** The faults of a chaos run while the webhooks come: kills, restarts, expired tokens, lost leases. */
import { setTimeout as sleep } from "node:timers/promises";
import { withTimeout } from "../../local/time/with_timeout.ts";
import type { Random } from "../support/random.ts";
import { runEventWorker } from "../support/shop.ts";
import type { OwnStack } from "../support/stack.ts";
import { type Outage, restartPostgres } from "./restart_postgres.ts";
import { retry } from "./retry.ts";
import { type ChaosSeller, connectAgain } from "./sellers.ts";
import { type CallCount, clearFaults, countCalls, setFaults } from "./tiktok_faults.ts";
import { endLeasesOfKilled, endWaits, lostConnections } from "./waits.ts";

/** Everything that a loop has begun ends within this time. */
const STOP_MS = 70_000;
const WORKER_MS = 60_000;

export interface FaultScheduleOptions {
  stack: OwnStack;
  sellers: ChaosSeller[];
  random: Random;
  /** 0 for never. */
  killEveryMs: number;
  /** Number of restarts of Postgres. */
  restarts: number;
  /** Share of the deliveries that have begun, 0 to 1. */
  progress: () => number;
}

/** The faults that really happened. */
export interface FaultReport {
  kills: number;
  outages: Outage[];
  expirations: number;
  /** Sellers who had to connect again. */
  reconnections: number;
  /** Calls of TikTok during the faults. */
  calls: CallCount;
}

export class FaultSchedule {
  readonly report: FaultReport = {
    kills: 0,
    outages: [],
    expirations: 0,
    reconnections: 0,
    calls: { all: 0, failed: 0, hung: 0 },
  };
  readonly #callsBefore: number;
  readonly #options: FaultScheduleOptions;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];
  /** Whether no function host is killed at present. */
  #isCalm = false;

  constructor(options: FaultScheduleOptions) {
    this.#options = options;
    const { stack, killEveryMs } = options;
    this.#callsBefore = stack.tiktok.faults.seen;
    setFaults(stack);
    this.#loops = [
      ...(killEveryMs > 0 ? [this.#repeat(killEveryMs, () => this.#killFunctions())] : []),
      this.#repeat(3000, () => this.#expireToken()),
      this.#repeat(3000, () => this.#letTimePass()),
      this.#repeat(1000, () => this.#callEventWorker()),
      this.#restartPostgres(),
    ];
    for (const loop of this.#loops) loop.catch(() => {});
  }

  /** Rejects when a loop of the schedule fails. */
  get failure(): Promise<never> {
    return Promise.race(this.#loops.map((loop) => loop.then(() => new Promise<never>(() => {}))));
  }

  /** Ends the faults and waits for everything that has begun. */
  async stop(): Promise<FaultReport> {
    const { stack } = this.#options;
    this.#stopping.abort();
    const calls = countCalls(stack);
    this.report.calls = { ...calls, all: calls.all - this.#callsBefore };
    clearFaults(stack);
    await withTimeout(STOP_MS, Promise.all(this.#loops));
    return this.report;
  }

  /** Repeats `action` at intervals of about `ms`. */
  async #repeat(ms: number, action: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(ms * (0.85 + this.#options.random.next() * 0.3), undefined, { signal })
        .catch(() => {});
      if (!signal.aborted) await action();
    }
  }

  /** Ignores failed calls, as the scheduler does. */
  async #callEventWorker(): Promise<void> {
    await withTimeout(WORKER_MS, runEventWorker(this.#options.stack)).catch(() => {});
  }

  /** @param meanwhile Runs before another host starts. */
  async #killFunctions(meanwhile?: () => Promise<void>): Promise<void> {
    const { stack } = this.#options;
    const pid = stack.functionHostPid();
    if (pid === 0 || this.#isCalm) return;
    try {
      Deno.kill(pid, "SIGKILL");
    } catch (error) {
      // The other loop has just killed it.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await meanwhile?.();
    const killedAt = new Date();
    await retry("see another function host", () => {
      const now = stack.functionHostPid();
      if (now === 0 || now === pid) throw new Error("No new process");
    });
    this.report.kills++;
    await retry("end the leases", () => endLeasesOfKilled(stack, killedAt));
  }

  /** Restarts Postgres at even distances of the deliveries. */
  async #restartPostgres(): Promise<void> {
    const { stack, sellers, restarts, progress } = this.#options;
    const { signal } = this.#stopping;
    const { email } = sellers[0] as ChaosSeller;
    while (this.report.outages.length < restarts && !signal.aborted) {
      const next = (this.report.outages.length + 1) / (restarts + 1);
      if (progress() >= next) {
        const restart = async () => {
          const credentials = { email, password: "a-password" };
          this.report.outages.push(await restartPostgres(stack, credentials));
        };
        // In turn amid all requests, and as in a power cut, where the functions end too.
        if (this.report.outages.length % 2 === 0) await restart();
        else await this.#killFunctions(restart);
      }
      await sleep(50);
    }
  }

  async #expireToken(): Promise<void> {
    const { stack, sellers, random } = this.#options;
    const { openId } = sellers[random.whole(0, sellers.length - 1)] as ChaosSeller;
    // A week lies between two refreshes, and a minute in which a second one is not requested.
    await retry("make a token old", () =>
      stack.sql`
      update private.tiktok_logins set last_refreshed_at = null where open_id = ${openId}`);
    stack.tiktok.expireAccessToken(openId);
    this.report.expirations++;
  }

  async #letTimePass(): Promise<void> {
    const { stack, sellers } = this.#options;
    await retry("let time pass", () => endWaits(stack));
    for (const openId of await retry("read the connections", () => lostConnections(stack))) {
      const seller = sellers.find((candidate) => candidate.openId === openId) as ChaosSeller;
      // A person's three requests would hardly fit between two kills on a slow machine.
      this.#isCalm = true;
      await retry("connect again", () => connectAgain(stack, seller), { attemptMs: 30_000 });
      this.#isCalm = false;
      this.report.reconnections++;
    }
  }
}
