/** `bench workers`: 10,000 waiting events claimed and settled by one, two and four workers. */
import type postgres from "postgres";
import type { IgnoreReason } from "../../shared/inbox/ignore_reasons.ts";
import { Settlements } from "../../shared/inbox/settlements.ts";
import { startBenchDatabase } from "../measure/database.ts";
import { inboxOver, storeTrivial } from "../measure/inbox.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { compareRounds, median, sampleInTurn } from "../measure/rounds.ts";

const ROUNDS = 5;
const EVENTS = 10_000;
const BATCH = 100;
const LEASE_SECONDS = 600;
const IGNORED: { ignored: IgnoreReason } = { ignored: "event_type_not_handled" };

/** Claims and settles until nothing is due. Returns the number of events. */
async function drain(sql: postgres.Sql): Promise<number> {
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
  /** Drains a new backlog. */
  const withWorkers = (count: number, cpu: number[]) => async () => {
    await storeTrivial(database.sql, EVENTS);
    const [cpuBefore, startedAt] = [await database.cpuMs(), performance.now()];
    const settled = await Promise.all(workers.slice(0, count).map(drain));
    const time = performance.now() - startedAt;
    cpu.push(await database.cpuMs() - cpuBefore);
    const total = settled.reduce((sum, events) => sum + events, 0);
    if (total !== EVENTS) throw new Error(`${total} events were settled`);
    return time;
  };
  const cpu = { one: [] as number[], two: [] as number[], four: [] as number[] };
  const times = await sampleInTurn(ROUNDS, {
    one: withWorkers(1, cpu.one),
    two: withWorkers(2, cpu.two),
    four: withWorkers(4, cpu.four),
  });
  const perEvent = (values: number[]) => (median(values) / EVENTS * 1000).toFixed(0);
  // Without the round that fills caches.
  const cpuOf = (side: keyof typeof cpu) => cpu[side].slice(1);
  return ([["two", 1.8], ["four", 2.3]] as const).map(([count, value]) => {
    const cores = median(cpuOf(count)) / median(times[count]);
    return {
      what: `10,000 events, ${count} workers`,
      against: "one worker",
      ...compareRounds(times.one, times[count]),
      target: { bound: "at least", value },
      figures: `${perEvent(times[count])} : ${perEvent(times.one)} us an event, CPU of Postgres ` +
        `${perEvent(cpuOf(count))} : ${perEvent(cpuOf("one"))} us; it used ` +
        `${cores.toFixed(1)} of ${navigator.hardwareConcurrency} cores`,
    } satisfies Comparison;
  });
}

export const workersLine: Line = {
  name: "workers",
  title: "Workers share a backlog: more of them take it faster",
  measure,
};
