/** `bench flood`: an order of one shop while 10,000 events of another shop wait. */
import type postgres from "postgres";
import type { Comparison, Line } from "../measure/line.ts";
import { compareRounds, median } from "../measure/rounds.ts";
import { type BenchWorker, shopOf, startBenchWorker, webhookBody } from "../measure/worker.ts";

const FLOOD = 10_000;
const ROUNDS = 7;
const ORDERS = 5;
/** TikTok's time for an answer. */
const DELAY_MS = 100;
const [FLOODED, OTHER] = [shopOf(1), shopOf(2)];

let stored = 0;

/** Fills the flooded shop's events up to 10,000, all due. */
async function fillFlood(sql: postgres.Sql): Promise<void> {
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
  await fillFlood(worker.database.sql);
  const before = worker.processed();
  worker.wake();
  // It is under way when the first order of the other shop comes.
  while (worker.processed() === before) await new Promise((resolve) => setTimeout(resolve, 5));
  return await measureRound(worker);
}

async function measure(): Promise<Comparison[]> {
  // Each with a database of its own, so the flood need not be taken away for a round without it.
  await using flooded = await startBenchWorker(2);
  await using quiet = await startBenchWorker(2);
  await fillFlood(flooded.database.sql);
  await flooded.database.sql`vacuum analyze`;
  for (const worker of [flooded, quiet]) await worker.setDelay(DELAY_MS);
  const rounds: Record<"flooded" | "quiet", Round[]> = { flooded: [], quiet: [] };
  for (let round = -1; round < ROUNDS; round++) {
    const measured = { quiet: await measureRound(quiet), flooded: await measureFlooded(flooded) };
    // The first round plans the statements.
    if (round < 0) continue;
    rounds.quiet.push(measured.quiet);
    rounds.flooded.push(measured.flooded);
  }
  const waits = (side: Round[]) => side.map(({ wait }) => wait);
  const figure = (side: Round[], field: keyof Round) =>
    median(side.map((round) => round[field])).toFixed(1);
  return [{
    what: "an order of another shop, 10,000 events wait",
    against: "the same without the flood",
    ...compareRounds(waits(rounds.flooded), waits(rounds.quiet)),
    target: { bound: "at most", value: 1.5 },
    figures: `${figure(rounds.flooded, "wait")} : ${figure(rounds.quiet, "wait")} ms, ` +
      `CPU of Postgres for an order ${figure(rounds.flooded, "cpu")} : ${
        figure(rounds.quiet, "cpu")
      } ms; TikTok takes ${DELAY_MS} ms`,
  }];
}

export const floodLine: Line = {
  name: "flood",
  title: "10,000 events of one shop do not delay another shop's order",
  measure,
};
