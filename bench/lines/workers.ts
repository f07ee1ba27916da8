/** `bench workers`: 10,000 waiting events claimed and settled by one, two and four workers. */
import type postgres from "postgres";
import type { IgnoreReason } from "../../shared/inbox/ignore_reasons.ts";
import { Settlements } from "../../shared/inbox/settlements.ts";
import { startBenchDatabase } from "../measure/database.ts";
import { inboxOver, storeTrivial } from "../measure/inbox.ts";
import type { Comparison, Line } from "../measure/line.ts";
import {
  createPlainInbox,
  indexPlainClaims,
  processPlain,
  storePlain,
} from "../measure/plain_inbox.ts";
import { compareRounds, median, sampleInTurn } from "../measure/rounds.ts";

const ROUNDS = 5;
const EVENTS = 10_000;
const BATCH = 100;
const LEASE_SECONDS = 600;
const IGNORED: { ignored: IgnoreReason } = { ignored: "event_type_not_handled" };

/** Claims and settles until nothing is due. Returns the number of events. */
async function processAll(sql: postgres.Sql): Promise<number> {
  const inbox = inboxOver(sql);
  const settlements = new Settlements(inbox);
  let settled = 0;
  while (true) {
    const events = await inbox.claim(BATCH, LEASE_SECONDS);
    if (events.length === 0) return settled;
    const statuses = await Promise.all(events.map((event) => settlements.settle(event, IGNORED)));
    settled += statuses.filter((status) => status === "ignored").length;
  }
}

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const workers = await database.connect(4);
  await createPlainInbox(database.sql);
  await indexPlainClaims(database.sql);
  const ours = { store: storeTrivial, processAll };
  // The least that workers do: one table, plain statements, no turns and no handlers.
  const plain = { store: storePlain, processAll: processPlain };
  /** Processes a new backlog. */
  const withWorkers = (count: number, cpu: number[], inbox: typeof ours) => async () => {
    await inbox.store(database.sql, EVENTS);
    const [cpuBefore, startedAt] = [await database.cpuMs(), performance.now()];
    const settled = await Promise.all(workers.slice(0, count).map(inbox.processAll));
    const time = performance.now() - startedAt;
    cpu.push(await database.cpuMs() - cpuBefore);
    const total = settled.reduce((sum, events) => sum + events, 0);
    if (total !== EVENTS) throw new Error(`${total} events were settled`);
    return time;
  };
  const sides = {
    one: [1, ours],
    two: [2, ours],
    four: [4, ours],
    plainOne: [1, plain],
    plainTwo: [2, plain],
    plainFour: [4, plain],
  } as const;
  type Side = keyof typeof sides;
  const names = Object.keys(sides) as Side[];
  const forEachSide = <Value>(make: (side: Side) => Value) =>
    Object.fromEntries(names.map((side) => [side, make(side)])) as Record<Side, Value>;
  const cpu = forEachSide((): number[] => []);
  const times = await sampleInTurn(
    ROUNDS,
    forEachSide((side) => withWorkers(sides[side][0], cpu[side], sides[side][1])),
  );
  const perEvent = (values: number[]) => (median(values) / EVENTS * 1000).toFixed(0);
  // Without the round that fills caches.
  const cpuOf = (side: Side) => cpu[side].slice(1);
  const compare = (what: string, side: Side, one: Side, value?: number): Comparison => {
    const cores = median(cpuOf(side)) / median(times[side]);
    return {
      what,
      against: "one worker",
      ...compareRounds(times[one], times[side]),
      ...(value !== undefined && { target: { bound: "at least", value } }),
      figures: `${perEvent(times[side])} : ${perEvent(times[one])} us an event, CPU of Postgres ` +
        `${perEvent(cpuOf(side))} : ${perEvent(cpuOf(one))} us; it used ` +
        `${cores.toFixed(1)} of ${navigator.hardwareConcurrency} cores`,
    };
  };
  return [
    compare("10,000 events, two workers", "two", "one", 1.8),
    compare("10,000 events, four workers", "four", "one", 2.3),
    compare("a plain table, two workers", "plainTwo", "plainOne"),
    compare("a plain table, four workers", "plainFour", "plainOne"),
  ];
}

export const workersLine: Line = {
  name: "workers",
  title: "Workers share a backlog: more of them take it faster",
  measure,
};
