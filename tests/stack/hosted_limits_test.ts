/** The local REST and stand-ins refuse what Supabase refuses. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { withConnection } from "../../local/postgres/connection.ts";
import { connectSeller } from "../support/shop.ts";
import { test } from "../support/shared_stack.ts";
import { startTestStack, type TestStack } from "../support/stack.ts";

interface Answer {
  status: number;
  body: { code?: string; message?: string } & Record<string, unknown>;
}

async function callRest(
  stack: TestStack,
  path: string,
  { method = "POST", key = stack.env.SUPABASE_PUBLISHABLE_KEY, token, body = {} }: {
    method?: string;
    key?: string;
    token?: string;
    body?: unknown;
  } = {},
): Promise<Answer> {
  const response = await fetch(`${stack.env.SUPABASE_URL}/rest/v1/${path}`, {
    method,
    headers: {
      apikey: key,
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
    },
    ...(method !== "DELETE" && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
}

test("REST refuses to update or delete all rows, of a seller and of the backend", async (stack) => {
  const seller = await connectSeller(stack);
  const callers = [
    { token: seller.accessToken },
    { key: stack.env.SUPABASE_SECRET_KEY },
  ];
  for (const caller of callers) {
    for (const path of ["users", "users?select=id", "users?order=id", "users?limit=1"]) {
      for (const [method, word] of [["PATCH", "UPDATE"], ["DELETE", "DELETE"]] as const) {
        const { status, body } = await callRest(stack, path, {
          ...caller,
          method,
          body: { display_name: "Ada" },
        });
        assert.deepEqual([status, body.code], [400, "21000"], `${method} ${path}`);
        assert.match(body.message ?? "", new RegExp(`${word} requires a WHERE clause`));
      }
    }
  }
  const [user] = await stack.sql`select display_name from public.users where id = ${seller.id}`;
  assert.equal(user?.display_name, null);
});

Deno.test("a request has the time limits of its role, and one that takes longer is cancelled", async () => {
  await using stack = await startTestStack();
  await stack.sql.unsafe(`
    create function public.read_limits() returns jsonb language sql as $$
      select jsonb_build_object(
        'statement', current_setting('statement_timeout'), 'lock', current_setting('lock_timeout')
      )
    $$;
    create function public.sleep(seconds integer) returns void language sql as 'select pg_sleep(seconds)';
    grant execute on function public.read_limits(), public.sleep(integer)
      to anon, authenticated, service_role;
    notify pgrst, 'reload schema'`);
  const seller = await connectSeller(stack);
  const callers: Record<string, { token?: string; key?: string }> = {
    "3s": {},
    "8s": { token: seller.accessToken },
    // The backend's role has no limit of its own: that of the login counts.
    "8s ": { key: stack.env.SUPABASE_SECRET_KEY },
  };
  const canceled = callRest(stack, "rpc/sleep", { body: { seconds: 10 } });
  for (const [limit, caller] of Object.entries(callers)) {
    const { body } = await callRest(stack, "rpc/read_limits", caller);
    assert.deepEqual(body, { statement: limit.trim(), lock: "8s" });
  }
  const slow = await canceled;
  assert.equal(slow.status, 500);
  assert.match(slow.body.message ?? "", /canceling statement due to statement timeout/);
});

test("the role of the migrations may not write to jobs and delete broadcasts", async (stack) => {
  await withConnection(stack.database.adminUrl, async (sql) => {
    await sql`set role postgres`;
    const refused = [
      "insert into cron.job (schedule, command) values ('* * * * *', 'select 1')",
      "update cron.job set active = false where true",
      "delete from cron.job where true",
      "delete from realtime.messages where true",
      "truncate realtime.messages",
      "create table realtime.extra (id integer)",
      "create function auth.extra() returns integer language sql as 'select 1'",
    ];
    for (const statement of refused) {
      await assert.rejects(
        sql.unsafe(statement),
        (error) => error instanceof postgres.PostgresError && error.code === "42501",
        statement,
      );
    }
    const [memberships] = await sql`
      select pg_has_role('postgres', 'supabase_realtime_admin', 'member') as realtime,
        pg_has_role('postgres', 'supabase_auth_admin', 'member') as auth`;
    assert.deepEqual({ ...memberships }, { realtime: false, auth: false });
    await sql`select cron.schedule('job', '* * * * *', 'select 1')`;
    const [job] = await sql`select username from cron.job where jobname = 'job'`;
    assert.equal(job?.username, "postgres");
    await sql`select cron.alter_job(jobid, active => false) from cron.job where jobname = 'job'`;
    const [off] = await sql`select active, schedule from cron.job where jobname = 'job'`;
    assert.deepEqual({ ...off }, { active: false, schedule: "* * * * *" });
    await assert.rejects(
      sql`select cron.alter_job(0, active => true)`,
      /does not exist or you don't/,
    );
    await sql`select cron.unschedule('job')`;
  });
});
