/** `bench sellers`: 1,000 shops, one of which has half of all traffic, and what the others notice of it. */
import type { Comparison, Line } from "../measure/line.ts";
import { compareRounds, median } from "../measure/rounds.ts";
import { type BenchWorker, shopOf, startBenchWorker } from "../measure/worker.ts";

const SHOPS = 1_000;
const ROUNDS = 5;
const LARGE = shopOf(1);
/** TikTok's time for an answer. */
const DELAY_MS = 100;
/** Orders of the other shops in a round, and the time between two. */
const [ORDERS, EVERY_MS] = [75, 40];

interface Round {
  median: number;
  p95: number;
  /** Postgres's CPU for one order. */
  cpu: number;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Another of the other shops each time. */
function* otherShops(): Generator<string, never> {
  for (let n = 0;; n++) yield shopOf(2 + (n * 7) % (SHOPS - 1));
}
const others = otherShops();

/**
 * Orders at fixed times, however long each takes.
 * @param companion Shop of the order that comes with each of another shop, if one does.
 */
async function measureRound(worker: BenchWorker, companion?: () => string): Promise<Round> {
  const [cpu, processed] = [await worker.database.cpuMs(), worker.processed()];
  const startedAt = performance.now();
  const waits: Promise<number>[] = [];
  const received: Promise<unknown>[] = [];
  for (let n = 0; n < ORDERS; n++) {
    await sleep(Math.max(startedAt + n * EVERY_MS - performance.now(), 0));
    if (companion) received.push(worker.receive(companion()).then(({ ingested }) => ingested));
    waits.push(worker.receive(others.next().value).then(({ ingested }) => ingested));
  }
  const sorted = (await Promise.all(waits)).sort((a, b) => a - b);
  await Promise.all(received);
  await worker.pause();
  return {
    median: median(sorted),
    p95: sorted[Math.floor(sorted.length * 0.95)] ?? NaN,
    cpu: (await worker.database.cpuMs() - cpu) / (worker.processed() - processed),
  };
}

async function measure(): Promise<Comparison[]> {
  await using worker = await startBenchWorker(SHOPS);
  await worker.setDelay(DELAY_MS);
  const sides = {
    with: () => measureRound(worker, () => LARGE),
    without: () => measureRound(worker),
    even: () => measureRound(worker, () => others.next().value),
  };
  const names = Object.keys(sides) as (keyof typeof sides)[];
  const rounds = { with: [], without: [], even: [] } as Record<keyof typeof sides, Round[]>;
  for (let round = -1; round < ROUNDS; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const measured = await sides[name]();
      if (round >= 0) rounds[name].push(measured);
    }
  }
  const compare = (field: "median" | "p95", against: "without" | "even"): Comparison => {
    const of = (side: keyof typeof sides, name: keyof Round) => rounds[side].map((r) => r[name]);
    const figure = (side: keyof typeof sides, name: keyof Round) =>
      median(of(side, name)).toFixed(1);
    return {
      what: `order of another shop, ${field}, one shop has half`,
      against: against === "even" ? "the same traffic, all shops alike" : "without the large shop",
      ...compareRounds(of("with", field), of(against, field)),
      target: { bound: "at most", value: 1.5 },
      figures: `${figure("with", field)} : ${figure(against, field)} ms, CPU of Postgres for an ` +
        `order ${figure("with", "cpu")} : ${figure(against, "cpu")} ms`,
    };
  };
  return [
    compare("median", "without"),
    compare("p95", "without"),
    compare("median", "even"),
    compare("p95", "even"),
  ];
}

export const sellersLine: Line = {
  name: "sellers",
  title: "1,000 shops, one with half of all traffic: the others do not notice it",
  measure,
};
