/** What the operator's pages read in the database, and the replay of an event. */
import { Cron } from "croner";
// @ts-types="../../postgres/pg.d.ts"
import type { Pool } from "pg";
import { readerName } from "../../cli/reader_name.ts";
import { maskBody } from "./mask_body.ts";

/** Width of the columns of the inbox's chart, and how far it goes back. */
const SLOT = "5 minutes";
const CHART = "3 hours";

const SHOWN_ROWS = 100;

/**
 * Events that waited for a larger plan or for an operator, not for us: held now, or settled before and
 * reopened, which no failure and no crash explains.
 */
const WAITED_FOR_OTHERS =
  "(status = 'held' or (settled_at is not null and claims > attempts + crashes + 1))";

async function readValue<Value>(
  pool: Pool,
  text: string,
  values: unknown[] = [],
): Promise<Value> {
  const { rows: [row] } = await pool.query<{ value: Value }>(text, values);
  return row?.value as Value;
}

export async function readInbox(
  pool: Pool,
  status: string | undefined,
  before: string | undefined,
) {
  const filter = JSON.stringify(status === undefined ? {} : { status });
  const [counts, page, { rows: slots }, held] = await Promise.all([
    readValue(pool, "select public.count_webhook_events('{}') as value"),
    readValue<Record<string, unknown>>(
      pool,
      "select public.list_webhook_events($1, 25, $2) as value",
      [filter, before ?? null],
    ),
    pool.query(
      // Events are read once, not once for each slot.
      `select slot as time, coalesce(counted.received, 0) as received, coalesce(counted.unfinished, 0) as unfinished,
         coalesce(counted.wait_seconds, 0) as wait_seconds
       from generate_series(
         date_bin($1::interval, now(), 'epoch') - $2::interval,
         date_bin($1::interval, now(), 'epoch'),
         $1::interval
       ) as slot
       left join (
         select date_bin($1::interval, received_at, 'epoch') as slot, count(*)::integer as received,
           (count(*) filter (where status not in ('done', 'ignored')))::integer as unfinished,
           (max(extract(epoch from coalesce(settled_at, now()) - received_at)) filter (where not ${WAITED_FOR_OTHERS}))
             ::float8 as wait_seconds
         from private.inbox_events
         where received_at >= date_bin($1::interval, now(), 'epoch') - $2::interval
         group by 1
       ) as counted using (slot)
       order by slot`,
      [SLOT, CHART],
    ),
    readValue(
      pool,
      "select jsonb_build_object('orders', count(*), 'since', min(held_at)) as value from private.held_orders",
    ),
  ]);
  return { counts, ...page, slots, held };
}

/** @param isShown Whether the operator asked for the values of the body; the reading is then logged. */
export async function readEvent(pool: Pool, id: string, isShown: boolean) {
  const event = await readValue<Record<string, unknown>>(
    pool,
    "select public.show_webhook_event($1, $2, $3) as value",
    [id, isShown, readerName()],
  );
  if (isShown) return { ...event, is_masked: false };
  // The values do not leave this process.
  const { rows: [row] } = await pool.query<{ body: string }>(
    "select body from private.webhook_events where id = $1",
    [id],
  );
  return { ...event, body: maskBody(row?.body ?? ""), is_masked: true };
}

export async function replayEvent(pool: Pool, id: string): Promise<unknown> {
  return await readValue(pool, "select public.replay_webhook_event($1) as value", [id]);
}

interface JobRow {
  name: string;
  schedule: string;
  active: boolean;
}

export async function readJobs(pool: Pool, now: Date) {
  const { rows } = await pool.query<JobRow>(
    `select job.jobname as name, job.schedule, job.active,
       run.status as last_status, run.return_message as last_message,
       run.start_time as last_started_at,
       extract(epoch from run.end_time - run.start_time)::float8 * 1000 as last_ms,
       recent.runs::integer as runs_today, recent.failures::integer as failures_today
     from cron.job as job
     left join lateral (
       select * from cron.job_run_details as detail
       where detail.jobid = job.jobid order by detail.runid desc limit 1
     ) as run on true
     left join lateral (
       select count(*) as runs, count(*) filter (where detail.status <> 'succeeded') as failures
       from cron.job_run_details as detail
       where detail.jobid = job.jobid and detail.start_time > now() - interval '1 day'
     ) as recent on true
     order by job.jobname`,
  );
  const nextRun = ({ schedule, active }: JobRow) =>
    active ? new Cron(schedule, { timezone: "UTC", paused: true }).nextRun(now) : null;
  return { jobs: rows.map((job) => ({ ...job, next_run_at: nextRun(job) })) };
}

/** Without tokens and without the sellers' addresses. */
export async function readConnections(pool: Pool) {
  const { rows } = await pool.query(
    `select id, shop_id, shop_name, region, user_id as seller_id, connection_status as status, status_reason,
       token_expires_at, orders_synced_until, connected_at
     from public.tiktok_shops
     order by connected_at desc
     limit $1`,
    [SHOWN_ROWS],
  );
  return { connections: rows };
}

/** What a label cost has what its carrier charged or paid back later. */
export async function readPurchases(pool: Pool) {
  const { rows } = await pool.query(
    `select id, order_id, user_id as seller_id, provider, service, state, state_since, attempt, reason,
       (case when adjustments = '{}' then cost_cents else coalesce(cost_cents, 0) + (
         select sum((invoice ->> 'amount')::numeric * 100) from jsonb_path_query(adjustments, '$.*') as invoice
       ) end)::integer as cost_cents, created_at
     from private.label_purchases
     order by created_at desc
     limit $1`,
    [SHOWN_ROWS],
  );
  return { purchases: rows };
}
