/** The clock: jobs of the migrations fire through the stand-ins when an injected time says so. */
import assert from "node:assert/strict";
import { createScheduler } from "../local/scheduler.ts";
import { startTestStack } from "./support/stack.ts";

Deno.test("each minute the scheduler calls the event worker with the secret key from Vault", async () => {
  await using stack = await startTestStack();
  await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, body)
    values ('tiktok', '1', 'TYPE_999', '{"type":999}')`;
  const scheduler = createScheduler(stack.database.adminUrl);
  try {
    await scheduler.tick(new Date("2026-11-23T10:00:00Z"));
    const [event] = await stack.sql`select status from private.webhook_events`;
    assert.equal(event?.status, "ignored");
    const [run] = await stack.sql`select command, status from cron.job_run_details`;
    assert.deepEqual({ ...run }, {
      command: "select private.invoke_function('event-worker')",
      status: "succeeded",
    });
    const [response] = await stack.sql`select status_code, content from net._http_response`;
    assert.equal(response?.status_code, 200);
    assert.equal((await stack.sql`select from net.http_request_queue`).length, 0);
  } finally {
    await scheduler.stop();
  }
});

Deno.test("without the secrets no function is called, and the job says what is missing", async () => {
  await using stack = await startTestStack();
  await stack.sql`delete from vault.secrets where name = 'secret_key'`;
  const scheduler = createScheduler(stack.database.adminUrl);
  try {
    await scheduler.tick(new Date("2026-11-23T10:00:00Z"));
    const [run] = await stack.sql`select status, return_message from cron.job_run_details`;
    assert.equal(run?.status, "failed");
    assert.match(run?.return_message, /Vault lacks "project_url" or "secret_key"/);
    assert.equal((await stack.sql`select from net._http_response`).length, 0);
  } finally {
    await scheduler.stop();
  }
});

Deno.test("a job runs as its owner, and one that fails does not stop the others", async () => {
  await using stack = await startTestStack();
  await stack.sql`
    insert into cron.job (jobname, schedule, command, username) values
      ('fails', '* * * * *', 'select 1 / 0', 'postgres'),
      ('forbidden', '* * * * *', 'select count(*) from public.orders', 'anon'),
      ('hourly', '30 * * * *', 'select 2', 'postgres'),
      ('unscheduled', '* * * * *', 'select 3', 'postgres')`;
  await stack.sql`update cron.job set active = false where jobname = 'unscheduled'`;
  await stack
    .sql`select cron.unschedule(jobid) from cron.job where jobname = 'event-worker' and username = current_user`;
  const scheduler = createScheduler(stack.database.adminUrl);
  const results = async () =>
    (await stack.sql`
      select job.jobname || ' ' || details.status as result
      from cron.job_run_details as details join cron.job using (jobid)
      where job.jobname <> 'event-worker' order by 1`).map((row) => row.result);
  try {
    await scheduler.tick(new Date("2026-11-23T10:29:59Z"));
    assert.deepEqual(await results(), ["fails failed", "forbidden failed"]);
    await scheduler.tick(new Date("2026-11-23T10:30:59Z"));
    assert.ok((await results()).includes("hourly succeeded"));
  } finally {
    await scheduler.stop();
  }
});
