/** The clock: jobs of the migrations run through the stand-ins at an injected time. */
import assert from "node:assert/strict";
import { isDue } from "../../local/supabase/scheduler.ts";
import { connectSeller, settledEvents } from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import { type TestStack } from "../support/stack.ts";
import { QUIET_MINUTE, tickAt } from "../support/tick_at.ts";

test("each minute the scheduler calls the event worker with the secret key from Vault", async (stack) => {
  await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, body)
    values ('tiktok', '1', 'TYPE_999', '{"type":999}')`;
  await tickAt(stack, "10:07");
  const [event] = await stack.sql`select status from private.webhook_events`;
  assert.equal(event?.status, "ignored");
  const runs = await stack.sql`
      select status from cron.job_run_details
      where command = ${"select private.invoke_function('event-worker')"}`;
  assert.deepEqual(runs.map(({ status }) => status), ["succeeded"]);
  const [response] = await stack.sql`select status_code, content from net._http_response`;
  assert.equal(response?.status_code, 200);
  assert.equal((await stack.sql`select from net.http_request_queue`).length, 0);
});

test("over a day every job of the migrations runs as often as planned", async (stack) => {
  const jobs = await stack.sql`select jobname, schedule from cron.job order by jobname`;
  const midnight = Date.parse("2026-11-23T00:00:00Z");
  const minutes = Array.from(
    { length: 24 * 60 },
    (_, minute) => new Date(midnight + minute * 60_000),
  );
  const runs = jobs.map(({ jobname, schedule }) => [
    jobname,
    minutes.filter((minute) => isDue(schedule, minute)).length,
  ]);
  assert.deepEqual(Object.fromEntries(runs), {
    "aggregate-analytics": 1,
    "event-worker": 24 * 60,
    "expired-claims": 12 * 24,
    "unconfirmed-accounts": 12 * 24,
    "order-sync": 4 * 24,
    "source-checks": 24,
    "purge-old-rows": 24,
    "refresh-dashboard-metrics": 24,
    "remove-personal-data": 12 * 24,
    "subscription-sync": 1,
    "tiktok-token-refresh": 4 * 24,
  });
});

/** Runs the jobs of these minutes; none of them may fail. */
async function runJobs(stack: TestStack, times: string[]): Promise<void> {
  await tickAt(stack, ...times);
  const failed = await stack.sql`select command from cron.job_run_details where status = 'failed'`;
  assert.deepEqual([...failed], []);
}

test("the hourly job corrects a seller's figures that differ from the orders, and logs it", async (stack) => {
  const seller = await connectSeller(stack);
  const order = stack.tiktok.addOrder({ shopId: seller.shopId, price: "10.00" });
  await stack.tiktok.send(stack.tiktok.notificationOf(order));
  await settledEvents(stack);
  const dashboard = async () =>
    (await seller.client.rpc("get_dashboard_metrics")).data as Record<string, unknown>;
  await runJobs(stack, ["11:00"]);
  const corrections = () =>
    stack.sql`
      select details from public.system_logs where event_type = 'dashboard_figures_corrected'`;
  assert.deepEqual([...await corrections()], [], "the figures were exact");
  await stack.sql`update private.order_totals set gross = 1 where user_id = ${seller.id}`;

  await runJobs(stack, ["12:00"]);

  assert.deepEqual((await corrections()).map(({ details }) => details.user_id), [seller.id]);
  const { last_order_date, ...figures } = await dashboard();
  assert.ok(last_order_date);
  assert.deepEqual(figures, {
    user_id: seller.id,
    subscription_tier: "starter",
    total_orders: 1,
    monthly_orders: 1,
    total_revenue: "14.99",
    monthly_revenue: "14.99",
    revenue: [{ currency: "USD", gross: "14.99", refunded: "0.00", orders: 1 }],
    label_costs: [],
    connected_shops: 1,
  });
});

test("the hourly job, which reads all orders, has more time than the platform gives a statement", async (stack) => {
  const [job] = await stack.sql`
    select command from cron.job where jobname = 'refresh-dashboard-metrics'`;
  const runWithin = (command: string) =>
    stack.sql.begin(async (sql) => {
      await sql`set local statement_timeout = 1`;
      await sql.unsafe(command);
    });
  await assert.rejects(runWithin("select public.refresh_dashboard_metrics()"), { code: "57014" });
  await runWithin(job?.command);
});

test("the daily jobs count yesterday's events of five sellers or more, and purge old rows", async (stack) => {
  await stack.sql`
    insert into auth.users (id, email)
    select gen_random_uuid(), n || '@example.com' from generate_series(1, 6) as n`;
  // Every seller has the common event, four have the rare one.
  await stack.sql`
    insert into public.analytics_events (user_id, event_type, timestamp)
    select id, kind, (now() at time zone 'UTC')::date - interval '1 hour'
    from public.users, (values ('common'), ('rare')) as kinds (kind)
    where kind = 'common' or email < '5'`;
  await stack.sql`
    insert into private.webhook_events
      (source, external_id, event_type, body, status, reason, received_at, settled_at)
    select 'tiktok', id, 'X', '{}', status, reason, now() - age * interval '1 day', now() - age * interval '1 day'
    from (values
      ('old', 'done', null, 31), ('new', 'done', null, 29), ('held', 'held', 'order_limit', 400),
      ('dead', 'dead', 'x', 91)
    ) as events (id, status, reason, age)`;

  await runJobs(stack, ["00:10", "03:20"]);

  const counts = await stack
    .sql`select event_type, events, sellers from private.daily_event_counts`;
  assert.deepEqual(counts.map((row) => ({ ...row })), [
    { event_type: "common", events: "6", sellers: 6 },
  ]);
  const left = await stack.sql`
    select external_id from private.webhook_events where source = 'tiktok' order by 1`;
  assert.deepEqual(left.map((row) => row.external_id), ["held", "new"]);
});

test("without the secrets no function is called, and the job names the missing ones", async (stack) => {
  await stack.sql`delete from vault.secrets where name = 'secret_key'`;
  await tickAt(stack, QUIET_MINUTE);
  const [run] = await stack.sql`select status, return_message from cron.job_run_details`;
  assert.equal(run?.status, "failed");
  assert.match(run?.return_message, /Vault lacks "project_url" or "secret_key"/);
  assert.equal((await stack.sql`select from net._http_response`).length, 0);
});

test("a job runs as its owner, and one that fails does not stop the others", async (stack) => {
  await stack.sql`
    insert into cron.job (jobname, schedule, command, username) values
      ('fails', '* * * * *', 'select 1 / 0', 'postgres'),
      ('forbidden', '* * * * *', 'select count(*) from public.orders', 'anon'),
      ('hourly', '30 * * * *', 'select 2', 'postgres'),
      ('unscheduled', '* * * * *', 'select 3', 'postgres')`;
  await stack.sql`update cron.job set active = false where jobname = 'unscheduled'`;
  await stack
    .sql`select cron.unschedule(jobid) from cron.job where jobname = 'event-worker' and username = current_user`;
  const results = async () =>
    (await stack.sql`
      select job.jobname || ' ' || details.status as result
      from cron.job_run_details as details join cron.job using (jobid)
      where job.jobname <> 'event-worker' order by 1`).map((row) => row.result);
  await tickAt(stack, "10:29:59");
  assert.deepEqual(await results(), ["fails failed", "forbidden failed"]);
  await tickAt(stack, "10:30:59");
  assert.ok((await results()).includes("hourly succeeded"));
});
