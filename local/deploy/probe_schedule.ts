/** Whether the scheduler reaches the functions: the history of pg_cron, and the responses of pg_net. */
import type postgres from "postgres";
import type { ProbeResult } from "./probe.ts";

/** The job that runs each minute. */
const JOB = "event-worker";

/** Latest run of the job since `since`. */
async function probeJob(sql: postgres.Sql, since: Date): Promise<ProbeResult> {
  const name = `pg_cron ran ${JOB}`;
  const [run] = await sql<{ status: string; return_message: string | null }[]>`
    select d.status, d.return_message
    from cron.job_run_details d join cron.job j using (jobid)
    where j.jobname = ${JOB} and d.start_time >= ${since} and d.status in ('succeeded', 'failed')
    order by d.start_time desc limit 1`;
  if (run === undefined) return { name, passed: false, detail: "no run yet" };
  const detail = `${run.status} ${run.return_message ?? ""}`.trim();
  return { name, passed: run.status === "succeeded", detail };
}

/** pg_net does not keep the address of a request; only functions are called with it. */
async function probeResponses(sql: postgres.Sql, since: Date): Promise<ProbeResult> {
  const name = "pg_net received responses";
  const [latest] = await sql<{ status_code: number | null; error_msg: string | null }[]>`
    select status_code, error_msg from net._http_response
    where created >= ${since} order by created desc limit 1`;
  if (latest === undefined) return { name, passed: false, detail: "no response yet" };
  const { status_code: status, error_msg: error } = latest;
  if (status === 200) return { name, passed: true, detail: "200" };
  const cause = status === 401 || status === 403
    ? ": Vault's secret_key is not a secret key of this project"
    : status === 404
    ? ": Vault's project_url is wrong, or the function is not deployed"
    : "";
  return { name, passed: false, detail: `${status ?? error}${cause}` };
}

/** @param since Earlier runs do not count. */
export async function probeSchedule(sql: postgres.Sql, since: Date): Promise<ProbeResult[]> {
  return [await probeJob(sql, since), await probeResponses(sql, since)];
}
