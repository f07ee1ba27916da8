/** Other queues on Postgres, each with a worker that takes trivial jobs as fast as it can. */
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import { Pool } from "pg";
import { PgBoss } from "pg-boss";

export interface Queue extends AsyncDisposable {
  /** Stores jobs, a thousand with each call, and processes all of them. */
  process(jobs: number): Promise<void>;
}

const QUEUE = "trivial";
const BATCH = 100;

/** Sizes of the calls that store so many jobs. */
const blocks = (jobs: number) =>
  Array.from({ length: Math.ceil(jobs / 1000) }, (_, n) => Math.min(1000, jobs - n * 1000));

/** pg-boss, fetching and completing as many at a time as our worker. Its own loop waits between two fetches. */
export async function startPgBoss(connectionString: string): Promise<Queue> {
  const boss = new PgBoss({ connectionString, schedule: false, supervise: false });
  boss.on("error", () => {});
  await boss.start();
  await boss.createQueue(QUEUE);
  return {
    async process(jobs) {
      for (const size of blocks(jobs)) {
        await boss.insert(QUEUE, Array.from({ length: size }, (_, n) => ({ data: { n } })));
      }
      let done = 0;
      while (done < jobs) {
        const fetched = await boss.fetch(QUEUE, { batchSize: BATCH });
        await boss.complete(QUEUE, fetched.map(({ id }) => id));
        done += fetched.length;
      }
    },
    [Symbol.asyncDispose]: () => boss.stop({ graceful: false }),
  };
}

/** graphile-worker with its local queue, and completions in batches: the settings of its own benchmark. */
export async function startGraphileWorker(connectionString: string): Promise<Queue> {
  const pgPool = new Pool({ connectionString, max: 10 });
  // As its library asks for.
  pgPool.on("error", () => {});
  pgPool.on("connect", (client) => void client.on("error", () => {}));
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  return {
    async process(jobs) {
      for (const size of blocks(jobs)) {
        await utils.addJobs(
          Array.from({ length: size }, (_, n) => ({ identifier: QUEUE, payload: { n } })),
        );
      }
      const done = Promise.withResolvers<void>();
      let left = jobs;
      const runner = await run({
        pgPool,
        logger,
        noHandleSignals: true,
        taskList: {
          [QUEUE]: () => {
            if (--left === 0) done.resolve();
          },
        },
        preset: {
          worker: {
            concurrentJobs: 24,
            localQueue: { size: 500 },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
          },
        },
      });
      await done.promise;
      // Writes the completions that wait.
      await runner.stop();
    },
    async [Symbol.asyncDispose]() {
      await utils.release();
      await pgPool.end();
    },
  };
}
