/** `bench flood`: an order of one shop while 10,000 events of another shop wait. */
import type postgres from "postgres";
import type { Comparison, Line } from "../measure/line.ts";
import { compareRounds, median } from "../measure/rounds.ts";
import { type BenchWorker, shopOf, startBenchWorker, webhookBody } from "../measure/worker.ts";

const FLOOD = 10_000;
const ROUNDS = 5;
const ORDERS = 5;
/** TikTok's time for an answer: an ordinary one, and none, which leaves only what is ours. */
const DELAYS_MS = [100, 0];
const [FLOODED, OTHER] = [shopOf(1), shopOf(2)];

let stored = 0;

/** Fills the flooded shop's events up to 10,000, all due. */
async function startFlood(sql: postgres.Sql): Promise<void> {
  await sql`
    update private.webhook_events set next_attempt_at = now()
    where status = 'pending' and shop_id = ${FLOODED}`;
  const [row] = await sql`
    select count(*)::integer as waiting from private.webhook_events
    where status = 'pending' and shop_id = ${FLOODED}`;
  const events = Array.from({ length: FLOOD - row?.waiting }, () => {
    const order = `5765${String(++stored).padStart(14, "0")}`;
    return { order, body: webhookBody(FLOODED, order) };
  });
  await sql`
    insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
    select 'tiktok', "order", 'ORDER_STATUS_CHANGE', ${FLOODED}, "order", body
    from jsonb_to_recordset(${sql.json(events)}) as event ("order" text, body text)`;
  await sql`vacuum (analyze) private.webhook_events`;
}

/** What is left of it waits for tomorrow. */
async function endFlood(sql: postgres.Sql): Promise<void> {
  await sql`
    update private.webhook_events set next_attempt_at = now() + interval '1 day'
    where status = 'pending' and shop_id = ${FLOODED}`;
  await sql`vacuum (analyze) private.webhook_events`;
}

interface Round {
  /** Milliseconds of the other shop's order, the median. */
  wait: number;
  /** Postgres's CPU for one order, whichever shop's. */
  cpu: number;
}

/** Orders of the other shop, one after the other. */
async function measureRound(worker: BenchWorker): Promise<Round> {
  const { database } = worker;
  const [cpu, processed] = [await database.cpuMs(), worker.processed()];
  const waits: number[] = [];
  for (let n = 0; n < ORDERS; n++) {
    waits.push(await (await worker.receive(OTHER)).ingested);
  }
  await worker.pause();
  return {
    wait: median(waits),
    cpu: (await database.cpuMs() - cpu) / (worker.processed() - processed),
  };
}

async function measureFlooded(worker: BenchWorker): Promise<Round> {
  const { sql } = worker.database;
  await startFlood(sql);
  const before = worker.processed();
  worker.wake();
  // It is under way when the first order of the other shop comes.
  while (worker.processed() < before + 400) await new Promise((resolve) => setTimeout(resolve, 5));
  const round = await measureRound(worker);
  await endFlood(sql);
  return round;
}

async function measure(): Promise<Comparison[]> {
  await using worker = await startBenchWorker(2);
  const comparisons: Comparison[] = [];
  for (const delay of DELAYS_MS) {
    await worker.setDelay(delay);
    const rounds: Record<"flooded" | "quiet", Round[]> = { flooded: [], quiet: [] };
    for (let round = -1; round < ROUNDS; round++) {
      const quiet = await measureRound(worker);
      const flooded = await measureFlooded(worker);
      // The first round plans the statements.
      if (round < 0) continue;
      rounds.quiet.push(quiet);
      rounds.flooded.push(flooded);
    }
    const waits = (side: Round[]) => side.map(({ wait }) => wait);
    const figure = (side: Round[], field: keyof Round) =>
      median(side.map((round) => round[field])).toFixed(1);
    comparisons.push({
      what: `an order of another shop, TikTok takes ${delay} ms`,
      against: "the same without the flood",
      ...compareRounds(waits(rounds.flooded), waits(rounds.quiet)),
      target: { bound: "at most", value: 1.5 },
      figures: `${figure(rounds.flooded, "wait")} : ${figure(rounds.quiet, "wait")} ms, ` +
        `CPU of Postgres for an order ${figure(rounds.flooded, "cpu")} : ${
          figure(rounds.quiet, "cpu")
        } ms`,
    });
  }
  return comparisons;
}

export const floodLine: Line = {
  name: "flood",
  title: "10,000 events of one shop do not delay another shop's order",
  measure,
};
