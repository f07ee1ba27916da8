/** Runs jobs and sends requests as pg_cron and pg_net do, for the stand-ins in local/supabase/sql. */
import { setTimeout as sleep } from "node:timers/promises";
import { Cron } from "croner";
// @ts-types="../postgres/pg.d.ts"
import type { Pool } from "pg";
import { createPool } from "../postgres/pool.ts";

export interface Scheduler {
  /** Runs the jobs that are due in the minute of `now`, then sends the requests that they queued. */
  tick(now: Date): Promise<void>;
  /** Aborts running jobs and requests. */
  stop(): Promise<void>;
}

interface Job {
  jobid: string;
  schedule: string;
  command: string;
  username: string;
}

interface QueuedRequest {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string> | null;
  body: Uint8Array<ArrayBuffer> | null;
  timeout_milliseconds: number;
}

/** Whether a job's schedule names the minute of `now`, in UTC as on the platform. */
export function isDue(schedule: string, now: Date): boolean {
  const minute = new Date(now);
  minute.setUTCSeconds(0, 0);
  return new Cron(schedule, { timezone: "UTC", paused: true }).match(minute);
}

/** Runs the command as its owner. @throws the error of Postgres, or of a connection that was cut. */
async function runCommand(pool: Pool, { username, command }: Job): Promise<void> {
  const client = await pool.connect();
  let failed = true;
  try {
    await client.query("begin");
    await client.query("select set_config('role', $1, true)", [username]);
    await client.query(command);
    await client.query("commit");
    failed = false;
  } finally {
    // A new connection is the surest way out of a failed transaction.
    client.release(failed);
  }
}

async function runJob(pool: Pool, job: Job): Promise<void> {
  const startTime = new Date();
  let [status, message] = ["succeeded", ""];
  try {
    await runCommand(pool, job);
  } catch (error) {
    [status, message] = ["failed", `ERROR: ${(error as Error).message}`];
  }
  await pool.query(
    `insert into cron.job_run_details
       (jobid, command, username, database, status, return_message, start_time, end_time)
     values ($1, $2, $3, current_database(), $4, $5, $6, now())`,
    [job.jobid, job.command, job.username, status, message, startTime],
  );
}

/** Stores the answer as pg_net does, or the error if no answer came. */
async function sendRequest(
  pool: Pool,
  request: QueuedRequest,
  signal: AbortSignal,
): Promise<void> {
  try {
    const response = await fetch(request.url, {
      method: request.method,
      // As pg_net: the answer is stored, the secret key goes nowhere else.
      redirect: "manual",
      headers: { "user-agent": USER_AGENT, ...request.headers },
      body: request.body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(request.timeout_milliseconds)]),
    });
    const content = await response.text();
    const { status, headers } = response;
    await pool.query(
      `insert into net._http_response (id, status_code, content_type, headers, content, timed_out)
       values ($1, $2, $3, $4, $5, false)`,
      [request.id, status, headers.get("content-type"), Object.fromEntries(headers), content],
    );
  } catch (error) {
    if (signal.aborted) return;
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    await pool.query(
      "insert into net._http_response (id, timed_out, error_msg) values ($1, $2, $3)",
      [request.id, timedOut, (error as Error).message],
    );
  }
}

/** pg_net names itself `pg_net/<version>`. */
const USER_AGENT = "pg_net/0.20.0";

/** @param adminUrl A role that may become any job's owner. */
export function createScheduler(adminUrl: string): Scheduler {
  const { pool, end } = createPool(adminUrl, { max: 3 });
  const stopping = new AbortController();
  return {
    async tick(now) {
      const { rows: jobs } = await pool.query<Job>(
        `select jobid, schedule, command, username from cron.job
         where active and database = current_database()`,
      );
      await Promise.all(
        jobs.filter((job) => isDue(job.schedule, now)).map((job) => runJob(pool, job)),
      );
      const { rows: requests } = await pool.query<QueuedRequest>(
        "delete from net.http_request_queue returning *",
      );
      await Promise.all(requests.map((request) => sendRequest(pool, request, stopping.signal)));
    },
    async stop() {
      stopping.abort();
      await end();
    },
  };
}

/**
 * Ticks at the beginning of every minute until the signal aborts; a slow tick does not delay the next.
 * @param onError Receives the error of a tick that fails, e.g. because the database is unreachable.
 */
export function tickEveryMinute(
  scheduler: Scheduler,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): void {
  const run = async () => {
    while (true) {
      await sleep(60_000 - Date.now() % 60_000, undefined, { signal });
      scheduler.tick(new Date()).catch((error) => {
        if (!signal.aborted) onError(error);
      });
    }
  };
  // It ends with the signal only.
  run().catch(() => {});
}
