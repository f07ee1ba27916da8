/** database-tasks on our schema, on the requested one, on an empty database and on one with many tables. */
import assert from "node:assert/strict";
import process from "node:process";
import { loadModule } from "libpg-query";
import postgres from "postgres";
import { assessFile } from "../../local/database_tasks/pending_migrations.ts";
import { shellCatalog } from "../../local/database_tasks/shell_catalog.ts";
import { accessTo, bootstrap } from "../../local/supabase/bootstrap.ts";
import type { Catalog } from "../../shared/database_tasks/catalog.ts";
import { runTask } from "../../shared/database_tasks/run_task.ts";
import {
  DatabaseResult,
  type DatabaseTask,
  type MigrationFiles,
  type OptimizationPlan,
  type RLSPolicies,
  type SchemaDefinition,
  type SchemaSQL,
} from "../../shared/database_tasks/schemas.ts";
import { createRequestedTarget } from "../support/attacks.ts";
import { sampleSize } from "../support/sample_size.ts";
import { test } from "../support/shared_stack.ts";
import { callCommand } from "../support/run_command.ts";
import { createTestDatabase, type TestDatabase } from "../support/stack.ts";

const OUTPUTS = {
  schema_design: "schema",
  rls_policies: "policies",
  migrations: "migrations",
  optimization: "optimization_plan",
} as const;

function taskOf(
  operation: keyof typeof OUTPUTS,
  { requirements = [], ...context }:
    & { requirements?: string[] }
    & Omit<
      DatabaseTask["context"],
      "operation_type"
    > = {},
): DatabaseTask {
  return {
    task_id: "task-1",
    description: "A question about the database.",
    context: { operation_type: operation, ...context },
    requirements,
    expected_output: OUTPUTS[operation],
  };
}

/** @param role Role of the session: rebuilt databases belong to `postgres`, as migrated ones do. */
async function withDatabase<T>(
  url: string,
  work: (sql: postgres.Sql) => Promise<T>,
  role?: string,
): Promise<T> {
  const connection = role === undefined ? {} : { connection: { role } as Record<string, string> };
  const sql = postgres(url, { max: 1, onnotice: () => {}, ...connection });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

async function answer<T>(url: string, task: DatabaseTask): Promise<T> {
  const result = await withDatabase(
    url,
    async (sql) => await runTask(task, await shellCatalog(sql)),
  );
  assert.equal(result.error, undefined);
  DatabaseResult.parse(result);
  return result.output?.primary_deliverable as T;
}

let template: Promise<TestDatabase> | undefined;
let requested: Promise<TestDatabase> | undefined;

Deno.test.afterAll(async () => {
  await (await template)?.drop();
  await (await requested)?.drop();
});

/** The schema as it was requested; no test changes it. */
function requestedDatabase(): Promise<TestDatabase> {
  return requested ??= createRequestedTarget();
}

async function createTemplate(): Promise<TestDatabase> {
  const database = await createTestDatabase("template0");
  await bootstrap(accessTo(database.url));
  return database;
}

/** A database as a new project has it. */
async function createEmptyDatabase(): Promise<TestDatabase> {
  const { url } = await (template ??= createTemplate());
  const database = await createTestDatabase(new URL(url).pathname.slice(1));
  // A copy does not have the privileges on the database itself.
  const name = new URL(database.url).pathname.slice(1);
  await withDatabase(
    database.url,
    (sql) => sql.unsafe(`grant create, connect on database ${name} to postgres`),
  );
  return database;
}

async function rebuild(sql: string): Promise<TestDatabase> {
  const database = await createEmptyDatabase();
  await withDatabase(
    database.url,
    (session) => session.begin((transaction) => transaction.unsafe(sql).simple()),
    "postgres",
  );
  return database;
}

Deno.test("the SQL of schema_design rebuilds our schema, and the copy gives the same answer", async () => {
  const ours = await createTestDatabase();
  try {
    const first = await answer<SchemaSQL>(ours.url, taskOf("schema_design"));
    assert.match(first.sql, /create table public\.orders \(/);
    const copy = await rebuild(first.sql);
    const second = await answer<SchemaSQL>(copy.url, taskOf("schema_design"));
    assert.equal(second.sql, first.sql);
    await copy.drop();
  } finally {
    await ours.drop();
  }
});

Deno.test("the requested schema is rebuilt too, and turned into by its migration", async () => {
  const { url } = await requestedDatabase();
  const empty = await createEmptyDatabase();
  try {
    const before = await answer<SchemaSQL>(empty.url, taskOf("schema_design"));
    assert.doesNotMatch(before.sql, /create table/);
    const { definition: existing_schema } = before;
    const live = await answer<SchemaSQL>(
      url,
      taskOf("schema_design", { existing_schema }),
    );
    assert.ok(live.migration);
    const copy = await rebuild(live.migration.sql);
    const again = await answer<SchemaSQL>(copy.url, taskOf("schema_design"));
    assert.equal(again.sql, live.sql);
    await copy.drop();
  } finally {
    await empty.drop();
  }
});

const BEFORE = `
  create table public.notes (id bigint primary key, text varchar(20), old integer);
  create index notes_text on public.notes (text);
  create view public.texts as select text from public.notes;
  create function public.size() returns integer language sql as 'select 1';
  grant select on public.notes to anon;`;
const AFTER = `
  create type public.mood as enum ('good', 'bad');
  create table public.authors (id bigint primary key);
  create table public.notes (
    id bigint primary key, text text not null, author bigint references public.authors, mood public.mood default 'good'
  );
  create index notes_text on public.notes (text, id);
  create view public.texts as select text, mood from public.notes;
  create function public.size() returns integer language sql as 'select 2';
  alter table public.notes enable row level security;
  grant select (id) on public.notes to anon;`;

Deno.test("a given schema is turned into the live one by the migration of the answer", async () => {
  const [before, after] = await Promise.all([rebuild(BEFORE), rebuild(AFTER)]);
  try {
    const { definition: existing_schema } = await answer<SchemaSQL>(
      before.url,
      taskOf("schema_design"),
    );
    const live = await answer<SchemaSQL>(after.url, taskOf("schema_design", { existing_schema }));
    assert.ok(
      live.migration?.changes.some(({ action, name }) =>
        action === "drop" && name === "public.notes.old"
      ),
    );
    await withDatabase(
      before.url,
      (sql) => sql.unsafe(live.migration?.sql ?? "").simple(),
      "postgres",
    );
    const { definition: migrated } = await answer<SchemaSQL>(
      before.url,
      taskOf("schema_design", { existing_schema: live.definition }),
    );
    const texts = ({ objects }: SchemaDefinition) =>
      objects.filter(({ kind }) => kind !== "table").map(({ sql }) => sql);
    assert.deepEqual(texts(migrated), texts(live.definition));
    const columns = ({ columns }: SchemaDefinition) =>
      columns["public.notes"]?.map(({ definition }) => definition).toSorted();
    assert.deepEqual(columns(migrated), columns(live.definition));
  } finally {
    await before.drop();
    await after.drop();
  }
});

const TABLES = sampleSize({ gate: 100, long: 500 });

const MANY_TABLES = `do $$
begin
  for n in 1..${TABLES} loop
    execute format('create table public.t%s (id bigint generated always as identity primary key,
      user_id uuid not null, parent_id bigint references public.t%s, name text not null default ''x'',
      amount numeric(10, 2), created_at timestamptz not null default now())', n, greatest(n - 1, 1));
    execute format('create index on public.t%s (parent_id)', n);
    execute format('alter table public.t%s enable row level security', n);
    execute format('create policy own on public.t%s for select to authenticated
      using (user_id = (select auth.uid()))', n);
    execute format('grant select on public.t%s to authenticated', n);
    execute format('comment on table public.t%s is ''Table %s.''', n, n);
  end loop;
end $$`;

/** Reads each part once: the first task waits for it, and every task pays its own CPU. */
function keepParts(catalog: Catalog): Catalog {
  const kept = new Map<string, Promise<unknown>>();
  return new Proxy(catalog, {
    get: (target, part: keyof Catalog) => () => {
      if (!kept.has(part)) kept.set(part, target[part]());
      return kept.get(part);
    },
  });
}

Deno.test(`${TABLES} tables take under 8 s, 2 s of the function's CPU and 5 MB`, async () => {
  const database = await rebuild(MANY_TABLES);
  try {
    await withDatabase(database.url, async (sql) => {
      const catalog = keepParts(await shellCatalog(sql));
      for (const operation of Object.keys(OUTPUTS) as (keyof typeof OUTPUTS)[]) {
        const cpu = process.cpuUsage();
        const result = await runTask(taskOf(operation), catalog);
        const { user, system } = process.cpuUsage(cpu);
        assert.equal(result.error, undefined, operation);
        assert.equal(result.metadata.tables_affected, TABLES);
        assert.ok(JSON.stringify(result).length < 5_000_000, operation);
        assert.ok(user + system < 2_000_000, `${operation}: ${user + system} µs`);
        assert.ok(result.metadata.execution_time_ms < 8000, operation);
      }
    });
  } finally {
    await database.drop();
  }
});

test("database-tasks answers through REST, and refuses a bad task with a DatabaseResult", async (stack) => {
  const call = async (task: unknown) => {
    const response = await fetch(`${stack.env.SUPABASE_URL}/functions/v1/database-tasks`, {
      method: "POST",
      headers: { apikey: stack.env.SUPABASE_SECRET_KEY, "content-type": "application/json" },
      body: JSON.stringify(task),
    });
    return { status: response.status, result: DatabaseResult.parse(await response.json()) };
  };
  const good = await call(taskOf("schema_design", { requirements: ["Only orders, please."] }));
  assert.equal(good.status, 200);
  const schema = good.result.output?.primary_deliverable as SchemaSQL;
  assert.deepEqual(Object.keys(schema.definition.columns), ["public.orders"]);
  assert.equal(good.result.metadata.tables_affected, 1);
  assert.match(good.result.output?.supporting_docs[0].text ?? "", /### public\.orders/);

  const bad = await call({ ...taskOf("schema_design"), expected_output: "policies" });
  assert.equal(bad.status, 422);
  assert.match(bad.result.error ?? "", /^output_mismatch: /);
  const unknown = await call(taskOf("schema_design", { requirements: ["table public.nothing"] }));
  assert.match(unknown.result.error ?? "", /^unknown_table: .*public\.nothing/);
});

const LOCKED = `
  create table public.parents (id bigint primary key);
  create table public.notes (id bigint primary key, parent_id bigint, text text not null default '');
  create unique index notes_text on public.notes (text, id);
  create materialized view public.texts as select id, text from public.notes;
  create unique index texts_id on public.texts (id);
  create function public.touch() returns trigger language plpgsql as 'begin return new; end';
  insert into public.notes (id, parent_id) values (1, null);`;

const LOCKING = [
  "create index on public.notes (parent_id)",
  "alter table public.notes add column a integer default 1",
  "alter table public.notes add column a timestamptz not null default now()",
  "alter table public.notes add column a uuid default gen_random_uuid()",
  "alter table public.notes add column a bigint generated always as identity",
  "alter table public.notes add column a bigint generated always as (id + 1) stored",
  "alter table public.notes alter column parent_id type integer",
  "alter table public.notes alter column text drop not null",
  "alter table public.notes add constraint a foreign key (parent_id) references public.parents",
  "alter table public.notes add constraint a check (id > 0) not valid",
  "alter table public.notes add constraint a unique using index notes_text",
  "alter table public.notes enable row level security",
  "alter table public.notes set unlogged",
  "alter table public.notes drop column text cascade",
  "alter table public.notes rename column text to words",
  "create trigger a before insert on public.notes for each row execute function public.touch()",
  "create policy a on public.notes for select using (true)",
  "refresh materialized view public.texts",
  "refresh materialized view concurrently public.texts",
  "update public.notes set text = 'a' where id = 1",
  "delete from public.notes where id = 1",
  "truncate public.notes",
];

Deno.test("the lock and the rewrite of each statement are those that Postgres takes", async () => {
  await loadModule();
  const database = await rebuild(LOCKED);
  try {
    await withDatabase(database.url, async (sql) => {
      for (const statement of LOCKING) {
        const [assessed] = assessFile(statement, new Set());
        const table = assessed?.tables[0] ?? "";
        const undone = new Error("undone");
        await sql.begin(async (transaction) => {
          const filenode = async () =>
            (await transaction`select pg_relation_filenode(${table}) as node`)[0]?.node;
          const before = await filenode();
          await transaction.unsafe(statement);
          const modes = await transaction`
            select mode from pg_locks
            where pid = pg_backend_pid() and relation = ${table}::regclass`;
          assert.ok(
            modes.some(({ mode }) => mode === assessed?.lock),
            `${statement}: ${assessed?.lock}`,
          );
          const isRewritten = await filenode() !== before && !/^(truncate|refresh)/.test(statement);
          const isRefresh = statement.startsWith("refresh");
          if (!isRefresh) assert.equal(assessed?.effect === "rewrite", isRewritten, statement);
          throw undone;
        }).catch((error) => {
          if (error !== undone) throw error;
        });
      }
    });
  } finally {
    await database.drop();
  }
});

Deno.test("the holes of the requested schema are findings, and its repeated indexes are steps", async () => {
  const { url } = await requestedDatabase();
  const { findings, tables } = await answer<RLSPolicies>(url, taskOf("rls_policies"));
  const found = new Set(findings.map(({ code, object }) => `${code} ${object}`));
  for (
    const hole of [
      "materialized_view_in_api public.user_dashboard_metrics",
      "auth_rls_initplan public.orders Users can access own orders",
      "policy_for_all_commands public.subscriptions Users can access own subscriptions",
      "function_search_path_mutable public.check_order_limit(uuid)",
      "security_definer_function_executable public.get_user_active_subscription(uuid)",
    ]
  ) assert.ok(found.has(hole), hole);
  const users = tables.find(({ table }) => table === "public.users");
  assert.deepEqual(users?.access.filter(({ role }) => role === "authenticated"), [
    { role: "authenticated", verb: "select", access: "rows of Users can view own profile" },
    { role: "authenticated", verb: "insert", access: "no rows" },
    { role: "authenticated", verb: "update", access: "rows of Users can update own profile" },
    { role: "authenticated", verb: "delete", access: "no rows" },
  ]);
  const { steps } = await answer<OptimizationPlan>(url, taskOf("optimization"));
  assert.deepEqual(
    steps.filter(({ code }) => code === "duplicate_index").map(({ object }) => object).sort(),
    [
      "public.idx_analytics_user_id",
      "public.idx_orders_user_id",
      "public.idx_users_email",
    ],
  );
});

Deno.test("db:task prints the result of a file, with pending migrations and the advisors", async () => {
  const ours = await createTestDatabase();
  const empty = await createEmptyDatabase();
  const file = await Deno.makeTempFile({ suffix: ".json" });
  const call = async (url: string, task: unknown) => {
    await Deno.writeTextFile(file, JSON.stringify(task));
    const { code, text } = await callCommand("db_task", [file, "--db-url", url]);
    return { code, result: DatabaseResult.parse(JSON.parse(text)) };
  };
  try {
    const migrated = await call(ours.url, taskOf("migrations"));
    assert.equal(migrated.code, 0);
    assert.deepEqual((migrated.result.output?.primary_deliverable as MigrationFiles).pending, []);
    const { result } = await call(empty.url, taskOf("migrations"));
    const { pending, applied } = result.output?.primary_deliverable as MigrationFiles;
    assert.deepEqual(applied, []);
    assert.ok(pending?.some(({ file }) => file === "20261123000400_orders.sql"));

    const { output } = (await call(ours.url, taskOf("rls_policies"))).result;
    const { findings } = output?.primary_deliverable as RLSPolicies;
    assert.ok(findings.some(({ detail }) => /has RLS enabled, but no policies exist/.test(detail)));

    const bad = await call(ours.url, { task_id: "1" });
    assert.equal(bad.code, 1);
    assert.match(bad.result.error ?? "", /^invalid_task: /);
  } finally {
    await Deno.remove(file);
    await ours.drop();
    await empty.drop();
  }
});
