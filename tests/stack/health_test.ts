/** The health over HTTP, and the figures that only other connections move. */
import assert from "node:assert/strict";
import type postgres from "postgres";
import { callCommand } from "../support/run_command.ts";
import { open } from "../support/seed_sellers.ts";
import { test } from "../support/shared_stack.ts";
import { createTestDatabase } from "../support/stack.ts";
import { until } from "../support/until.ts";

async function figure(
  sql: postgres.Sql,
  metric: string,
): Promise<{ value: number; status: string }> {
  const [row] = await sql<{ value: number; status: string }[]>`
    select value::float, status from public.check_database_health() where metric = ${metric}`;
  return row ?? assert.fail(`no figure ${metric}`);
}

async function setWarning(sql: postgres.Sql, metric: string, warning: number): Promise<void> {
  await sql`
    update private.health_thresholds set warning = ${warning}, critical = null
    where metric = ${metric}`;
}

/** Names of the figures in docs/health.md. */
async function documentedFigures(): Promise<string[]> {
  const page = await Deno.readTextFile(new URL("../../docs/health.md", import.meta.url));
  const [, table = ""] = page.split("## Figures");
  return Array.from(table.matchAll(/^\| `(\w+)`/gm), ([, metric = ""]) => metric);
}

Deno.test("every figure is on the page, and the command prints it", async () => {
  const database = await createTestDatabase();
  const sql = open(database.url);
  try {
    const measured = await sql`
      select distinct split_part(metric, '.', 1) as metric from public.check_database_health()`;
    const documented = await documentedFigures();
    assert.deepEqual(documented.toSorted(), measured.map(({ metric }) => metric).toSorted());
    const { code, text } = await callCommand("db_health_check", ["--db-url", database.url]);
    for (const metric of documented) assert.match(text, new RegExp(`^${metric}\\b`, "m"));
    assert.match(text, /^label_budget_percent\.day +0\.0 +healthy$/m);
    assert.equal(code, / (warning|critical)$/m.test(text) ? 1 : 0, text);
  } finally {
    await sql.end();
    await database.drop();
  }
});

Deno.test("connections, transactions and the time to wraparound move over their thresholds and back", async () => {
  const database = await createTestDatabase();
  const sql = open(database.url);
  const others = Array.from({ length: 10 }, () => open(database.url));
  try {
    // Other tests use the same server: their connections come and go.
    await setWarning(
      sql,
      "active_connections",
      (await figure(sql, "active_connections")).value + 5,
    );
    await setWarning(sql, "longest_transaction_seconds", 0.000001);
    assert.equal((await figure(sql, "longest_transaction_seconds")).status, "healthy");
    const waiting = others.map((other) => other`select pg_sleep(60)`.execute());
    const ended = Promise.allSettled(waiting);
    await until("the connections are active", async () => {
      const [row] = await sql`
        select count(*)::int as active from pg_stat_activity
        where datname = current_database() and state = 'active' and pid <> pg_backend_pid()`;
      return row?.active === others.length;
    });
    assert.equal((await figure(sql, "active_connections")).status, "warning");
    assert.equal((await figure(sql, "longest_transaction_seconds")).status, "warning");
    await sql`
      select pg_cancel_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;
    await ended;
    await until(
      "they are idle",
      async () => (await figure(sql, "active_connections")).status === "healthy",
    );
    assert.deepEqual(await figure(sql, "longest_transaction_seconds"), {
      ...{ value: 0, status: "healthy" },
    });

    await sql`
      insert into public.system_logs (event_type, created_at)
      values ('purged', now() - interval '1 day')`;
    for (const [warning, status] of [[0, "healthy"], [1e15, "warning"], [0, "healthy"]] as const) {
      await setWarning(sql, "wraparound_days", warning);
      assert.equal((await figure(sql, "wraparound_days")).status, status);
    }
  } finally {
    await Promise.all([sql, ...others].map((connection) => connection.end()));
    await database.drop();
  }
});

test("anyone reads the status, only a secret key the figures, and a stuck inbox is a 503", async (stack) => {
  const { SUPABASE_URL, SUPABASE_SECRET_KEY: secret, SUPABASE_PUBLISHABLE_KEY } = stack.env;
  const call = async (headers: Record<string, string> = {}, query = "", method = "GET") => {
    const url = `${SUPABASE_URL}/functions/v1/health${query}`;
    const response = await fetch(url, { method, headers });
    const { status } = response;
    return { status, type: response.headers.get("content-type"), text: await response.text() };
  };
  await stack.sql`
    insert into private.webhook_events (source, external_id, event_type, body, received_at)
    values ('tiktok', 'late', 'TYPE_999', '{}', now() - interval '2 hours')`;

  const stuck = await call();
  assert.equal(stuck.status, 503);
  const { version, ...others } = JSON.parse(stuck.text);
  assert.match(version, /^\d{14}$/);
  assert.deepEqual(others, { status: "critical" });
  assert.equal((await call({ apikey: `${secret}x` })).status, 403);
  assert.equal((await call({}, "", "POST")).status, 405);

  const figures = JSON.parse((await call({ apikey: secret })).text);
  assert.equal(figures.status, "critical");
  const late = figures.figures.find((entry: { metric: string }) =>
    entry.metric === "oldest_open_event_seconds"
  );
  assert.equal(late.status, "critical");
  assert.ok(late.value >= 7200 && late.critical === 3600 && late.warning === 300);
  const metrics = await call({ apikey: secret }, "?format=openmetrics");
  assert.match(metrics.type ?? "", /^application\/openmetrics-text/);
  assert.match(metrics.text, /^creatorflow_oldest_open_event_seconds \d+$/m);
  assert.match(metrics.text, /\n# EOF\n$/);
  assert.equal((await call({ apikey: secret }, "?format=xml")).status, 400);
  for (
    const headers of [{ apikey: SUPABASE_PUBLISHABLE_KEY }, { authorization: `Bearer ${secret}` }]
  ) {
    assert.deepEqual(JSON.parse((await call(headers)).text), { status: "critical", version });
  }
});
