/** `bench inbox`: 10,000 trivial events stored, claimed and settled by one worker, against other queues. */
import { EventProcessor } from "../../shared/inbox/process_events.ts";
import { handleEach } from "../../shared/inbox/events.ts";
import { runInContext } from "../../shared/logging/context.ts";
import { startBenchDatabase } from "../measure/database.ts";
import { clientsCpuMs, inboxOver, processByStatements, storeTrivial } from "../measure/inbox.ts";
import type { Comparison, Line, Target } from "../measure/line.ts";
import {
  createPlainInbox,
  indexPlainClaims,
  processPlain,
  storePlain,
} from "../measure/plain_inbox.ts";
import { startGraphileWorker, startPgBoss } from "../measure/queues.ts";
import { compareRounds, type Measured, measureWithCpu, median } from "../measure/rounds.ts";

const ROUNDS = 5;
const EVENTS = 10_000;

/** The worker's lines are not printed. Those of its allowance are made, the others counted, as in its function. */
function withoutOutput(): Disposable {
  const { info } = console;
  Object.assign(console, { info: () => {} });
  return { [Symbol.dispose]: () => Object.assign(console, { info }) };
}

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  // A claim takes one connection of REST's pool, and results that are stored meanwhile another.
  const [connection, another] = await database.connect(2);
  if (connection === undefined || another === undefined) throw new Error("no connection");
  await using pgBoss = await startPgBoss(database.adminUrl);
  await using graphileWorker = await startGraphileWorker(database.adminUrl);
  const processor = new EventProcessor(inboxOver(connection, another), {
    creatorflow: {
      TRIVIAL: handleEach(() => Promise.resolve({ ignored: "event_type_not_handled" })),
    },
  });
  const ours = async () => {
    await storeTrivial(connection, EVENTS);
    using _quiet = withoutOutput();
    const { ignored } = await runInContext(
      { fields: { function: "event-worker" } },
      () => processor.processEvents(),
    );
    if (ignored !== EVENTS) throw new Error(`${ignored} events were processed`);
  };
  const byStatements = async () => {
    await storeTrivial(connection, EVENTS);
    const processed = await processByStatements(connection);
    if (processed !== EVENTS) throw new Error(`${processed} events were processed`);
  };
  await createPlainInbox(sql);
  await indexPlainClaims(sql);
  const plain = async () => {
    await storePlain(connection, EVENTS);
    const processed = await processPlain(connection);
    if (processed !== EVENTS) throw new Error(`${processed} events were processed`);
  };
  const measured = await measureWithCpu(ROUNDS, () => clientsCpuMs(sql), {
    ours,
    byStatements,
    plain,
    pgBoss: () => pgBoss.process(EVENTS),
    graphileWorker: () => graphileWorker.process(EVENTS),
  });
  const compare = (
    [what, us]: [string, Measured],
    [against, them]: [string, Measured],
    target?: Target,
  ) => {
    const rate = (times: number[]) => Math.round(EVENTS / median(times) * 1000);
    const cpu = (values: number[]) => (median(values) / EVENTS * 1000).toFixed(0);
    return {
      what,
      against,
      ...compareRounds(them.times, us.times),
      ...(target && { target }),
      figures: `${rate(us.times)} : ${rate(them.times)} a second, CPU of Postgres ` +
        `${cpu(us.cpu)} : ${cpu(them.cpu)} us an event`,
    } satisfies Comparison;
  };
  const events: [string, Measured] = ["10,000 trivial events, one worker", measured.ours];
  const statements: [string, Measured] = [
    "the same two tables by plain statements",
    measured.byStatements,
  ];
  const limit: [string, Measured] = [
    "the same kept in one plain table, without turns",
    measured.plain,
  ];
  const boss: [string, Measured] = ["pg-boss", measured.pgBoss];
  const graphile: [string, Measured] = [
    "graphile-worker with its local queue",
    measured.graphileWorker,
  ];
  return [
    compare(events, boss, { bound: "at least", value: 1.5 }),
    compare(events, graphile, { bound: "at least", value: 1 }),
    compare(statements, boss),
    compare(statements, graphile),
    compare(limit, boss),
    compare(limit, graphile),
    compare(events, statements),
    compare(events, limit),
  ];
}

export const inboxLine: Line = {
  name: "inbox",
  title: "Events are stored, claimed and settled as fast as other queues take jobs",
  measure,
};
