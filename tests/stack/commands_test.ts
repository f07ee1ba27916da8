/** The database's commands as a person meets them: processes, without a terminal. */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { parse } from "smol-toml";
import type { StackEnvironment } from "../../local/stack/environment.ts";
import { parseOptions } from "../../local/cli/options.ts";
import { redirectConsole } from "../../local/cli/console.ts";
import { takeSchemaSnapshot } from "../../local/commands/schema_snapshot.ts";
import { createScheduler } from "../../local/supabase/scheduler.ts";
import { type Seller, signInSeller } from "../../local/stack/seller.ts";
import { type Stack, startStack } from "../../local/stack/stack.ts";
import { privileges } from "../support/privileges.ts";
import { createTestDatabase, startTestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SELLERS = { ada: "ada@creatorflow.test", bob: "bob@creatorflow.test" };

interface Result {
  code: number;
  text: string;
}

async function run(script: string, args: string[], root = ROOT): Promise<Result> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", `local/database/${script}.ts`, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

function open(url: string): postgres.Sql {
  return postgres(url, { max: 1, onnotice: () => {} });
}

/** A copy of what the commands need, in which migrations may come and go. */
async function copyRepository(to: string): Promise<void> {
  const copy = async (path: string) => {
    const { isDirectory } = await Deno.stat(join(ROOT, path));
    if (!isDirectory) return await Deno.copyFile(join(ROOT, path), join(to, path));
    await Deno.mkdir(join(to, path));
    for await (const { name } of Deno.readDir(join(ROOT, path))) await copy(join(path, name));
  };
  for (const path of ["deno.json", "deno.lock", "import_map.json", "local", "shared", "supabase"]) {
    await copy(path);
  }
  await Deno.symlink(join(ROOT, "node_modules"), join(to, "node_modules"));
}

interface OwnStack extends AsyncDisposable {
  stack: Stack;
  /** As its superuser. */
  sql: postgres.Sql;
  data: string;
}

/** With a Postgres of its own: what is reset belongs to `postgres`, which is no superuser. */
async function startOwnStack(): Promise<OwnStack> {
  const data = await Deno.makeTempDir({ prefix: "creatorflow-test-" });
  await Deno.chmod(data, 0o755);
  redirectConsole(join(data, "console.log"));
  const stack = await startStack({ port: 0, dbPort: 0, data, environment: {}, schedule: false });
  const sql = open(stack.database.adminUrl);
  return {
    stack,
    sql,
    data,
    async [Symbol.asyncDispose]() {
      await sql.end();
      await stack.stop();
      await Deno.remove(data, { recursive: true });
    },
  };
}

/** Signs in only; a seller who is not there is not made. */
async function signIn(env: StackEnvironment, email: string): Promise<string | undefined> {
  const { auth } = createClient(env.SUPABASE_URL, env.SUPABASE_PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { data } = await auth.signInWithPassword({ email, password: "local-password" });
  return data.session?.access_token;
}

/** What the API answers the backend. */
async function statusOf(env: StackEnvironment, path: string): Promise<number> {
  const response = await fetch(`${env.SUPABASE_URL}/rest/v1/${path}`, {
    headers: { apikey: env.SUPABASE_SECRET_KEY },
  });
  await response.body?.cancel();
  return response.status;
}

async function ownOrders({ client }: Seller): Promise<{ owners: Set<string>; orders: number }> {
  const { data } = await client.from("orders").select("user_id");
  return { owners: new Set(data?.map((row) => row.user_id)), orders: data?.length ?? 0 };
}

Deno.test("migration:new, migration:up and migration:reset on a running stack", async () => {
  const root = await Deno.makeTempDir();
  await copyRepository(root);
  const making = run("migration_new", ["add_notes"], root);
  await using own = await startOwnStack();
  const { stack: { env, database }, sql, data } = own;
  const rights = await privileges(sql);
  const schema = await takeSchemaSnapshot(database.adminUrl);
  const secrets = () => sql`select name, secret from vault.secrets order by name`;
  const secretsBefore = await secrets();

  const made = await making;
  assert.equal(made.code, 0, made.text);
  assert.match(made.text, /^supabase\/migrations\/\d{14}_add_notes\.sql\n$/);
  const path = join(root, made.text.trim());
  assert.equal(await Deno.readTextFile(path), "");
  await Deno.writeTextFile(
    path,
    `create table public.notes (id integer primary key);
     grant select on public.notes to service_role;
     select cron.schedule('old-job', '0 0 * * *', 'select 1');`,
  );

  assert.equal(await statusOf(env, "notes?select=id"), 404);
  const up = await run("migration_up", ["--data", data], root);
  assert.equal(up.code, 0, up.text);
  assert.ok(up.text.includes(basename(path)), up.text);
  await until(
    "REST serves the new table",
    async () => await statusOf(env, "notes?select=id") === 200,
  );

  const carol = await signInSeller(env, "carol@example.com", "local-password");
  const [again, refused] = await Promise.all([
    run("migration_up", ["--data", data], root),
    run("migration_reset", ["--data", data], root),
  ]);
  assert.equal(again.code, 0);
  assert.match(again.text, /Nothing to do/);
  assert.equal(refused.code, 1);
  assert.match(refused.text, /no terminal.*--yes/);
  assert.equal((await carol.client.from("users").select("id")).data?.length, 1);

  await Deno.remove(path);
  const other = await createTestDatabase();
  const otherSql = open(other.url);
  // A copy of a database lacks the grants on the database itself.
  await otherSql`grant create on database ${
    otherSql(new URL(other.url).pathname.slice(1))
  } to postgres`;
  const [reset, empty] = await Promise.all([
    run("migration_reset", ["--data", data, "--yes"], root),
    run("migration_reset", ["--db-url", other.url, "--yes", "--no-seed"], root),
  ]);
  assert.equal(reset.code, 0, reset.text);
  await until(
    "REST knows that the table is gone",
    async () => await statusOf(env, "notes?select=id") === 404,
  );
  assert.deepEqual(await privileges(sql), rights);
  assert.equal(await takeSchemaSnapshot(database.adminUrl), schema);
  assert.deepEqual(await secrets(), secretsBefore);
  assert.equal(await signIn(env, "carol@example.com"), undefined);
  const ada = await signInSeller(env, SELLERS.ada, "local-password");
  assert.deepEqual(await ownOrders(ada), { owners: new Set([ada.id]), orders: 8 });

  // Auth signs up, and the scheduler's job reaches the functions.
  const dora = await signInSeller(env, "dora@example.com", "local-password");
  assert.deepEqual((await dora.client.from("users").select("email")).data, [
    { email: "dora@example.com" },
  ]);
  const scheduler = createScheduler(database.adminUrl);
  try {
    await scheduler.tick(new Date("2026-11-23T10:01:00Z"));
  } finally {
    await scheduler.stop();
  }
  const responses = await sql`select status_code from net._http_response`;
  assert.deepEqual(responses.map((row) => row.status_code), [200]);

  assert.equal(empty.code, 0, empty.text);
  const [counts] = await otherSql`
    select (select count(*)::int from auth.users) as users, (select count(*)::int from plans) as plans`;
  assert.deepEqual({ ...counts }, { users: 0, plans: 4 });
  await otherSql.end();
  await other.drop();
  await Deno.remove(root, { recursive: true });
});

Deno.test("the CLI does not take our database for its own in Docker", async () => {
  const config = parse(await Deno.readTextFile(join(ROOT, "supabase/config.toml")));
  const { port } = config.db as { port?: number };
  assert.ok(port !== undefined && port !== parseOptions([])?.dbPort);
});

Deno.test("migration:new takes snake_case only", async () => {
  const before = await Array.fromAsync(Deno.readDir(join(ROOT, "supabase/migrations")));
  for (const name of ["AddNotes", "add-notes", "add__notes", "_notes", "1_notes", "../notes"]) {
    const { code, text } = await run("migration_new", [name]);
    assert.equal(code, 2, name);
    assert.match(text, /snake_case/);
  }
  const after = await Array.fromAsync(Deno.readDir(join(ROOT, "supabase/migrations")));
  assert.equal(after.length, before.length);
});

Deno.test("db:seed: its sellers sign in and see their own orders only; twice changes nothing", async () => {
  await using stack = await startTestStack();
  const { env, sql, data } = stack;
  const rows = async () => [
    ...await sql`select id, email, encrypted_password from auth.users order by email`,
    ...await sql`select * from auth.identities order by user_id`,
    ...await sql`select * from public.users order by email`,
    ...await sql`select * from public.tiktok_shops order by shop_id`,
    ...await sql`select * from public.orders order by tiktok_order_id`,
    ...await sql`select * from public.shipments order by id`,
    ...await sql`select * from public.subscriptions`,
    ...await sql`select * from private.monthly_order_counts order by user_id, month`,
  ];
  const first = await run("seed", ["--data", data]);
  assert.equal(first.code, 0, first.text);
  const seeded = await rows();
  const second = await run("seed", ["--data", data]);
  assert.equal(second.code, 0, second.text);
  assert.deepEqual(await rows(), seeded);

  for (const [email, orders, plan] of [[SELLERS.ada, 8, "growth"], [SELLERS.bob, 3, undefined]]) {
    assert.ok(await signIn(env, String(email)), String(email));
    const seller = await signInSeller(env, String(email), "local-password");
    assert.deepEqual(await ownOrders(seller), { owners: new Set([seller.id]), orders });
    const { data: subscriptions } = await seller.client.from("subscriptions").select("plan_name");
    assert.equal(subscriptions?.[0]?.plan_name, plan);
    const [{ counted, there } = {}] = await sql`
      select private.monthly_order_count(${seller.id}) as counted, count(*)::int as there
      from public.orders
      where user_id = ${seller.id}
        and created_at >= private.current_month()::timestamp at time zone 'UTC'`;
    assert.equal(counted, there);
  }
  const states = await sql`select distinct order_status from public.orders`;
  assert.ok(states.length >= 8);
});

Deno.test("db:health-check prints every figure, and fails when one is not well", async () => {
  const database = await createTestDatabase();
  const sql = open(database.url);
  const check = () => run("health_check", ["--db-url", database.url]);
  const answer = async (status: string) => {
    await sql.unsafe(`
      drop function if exists public.check_database_health();
      create function public.check_database_health()
      returns table (metric text, value numeric, status text)
      language sql
      as $$ values ('active_connections', 4.5, '${status}'), ('orders_last_hour', 12, 'info') $$`);
  };
  try {
    await answer("healthy");
    const healthy = await check();
    assert.equal(healthy.code, 0, healthy.text);
    assert.deepEqual(healthy.text.trim().split("\n").map((line) => line.split(/\s{2,}/)), [
      ["metric", "value", "status"],
      ["active_connections", "4.5", "healthy"],
      ["orders_last_hour", "12", "info"],
    ]);
    for (const status of ["warning", "critical"]) {
      await answer(status);
      const { code, text } = await check();
      assert.equal(code, 1);
      assert.match(text, new RegExp(`active_connections +4.5 +${status}`));
    }
    await sql`drop function public.check_database_health()`;
    const missing = await check();
    assert.equal(missing.code, 1);
    assert.match(missing.text, /task migration:up/);
  } finally {
    await sql.end();
    await database.drop();
  }
});

Deno.test("a database elsewhere is not touched unless it is named twice", async () => {
  const database = await createTestDatabase();
  // The same server by an address that does not count as this machine's.
  const elsewhere = new URL(database.url);
  elsewhere.hostname = "0.0.0.0";
  elsewhere.searchParams.set("sslmode", "disable");
  const { password } = elsewhere;
  const dbUrl = ["--db-url", elsewhere.href];
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  })();
  const silent = new URL(elsewhere);
  silent.port = String(listener.addr.port);
  try {
    for (const script of ["seed", "migration_reset"]) {
      for (
        const consent of [[], ["--yes"], ["--not-local", "0.0.0.0"], [
          ...["--yes", "--not-local", "0.0.0.1"],
        ]]
      ) {
        const { code, text } = await run(script, ["--db-url", silent.href, ...consent]);
        assert.equal(code, 1, script);
        assert.match(text, /^Refused: .*--yes --not-local 0\.0\.0\.0/);
        assert.ok(!text.includes(password));
      }
    }
    assert.equal(connections, 0);

    const named = await run("seed", [...dbUrl, "--yes", "--not-local", "0.0.0.0"]);
    assert.equal(named.code, 0, named.text);
    assert.ok(!named.text.includes(password));
    const sql = open(database.url);
    const sellers = await sql`select email from public.users order by email`;
    await sql.end();
    assert.deepEqual(sellers.map((row) => row.email), Object.values(SELLERS));
  } finally {
    listener.close();
    await accepting;
    await database.drop();
  }
});

Deno.test("the commands explain themselves, and refuse what they do not know", async () => {
  const data = await Deno.makeTempDir();
  const scripts = ["migration_new", "migration_up", "migration_reset", "seed", "health_check"];
  await Promise.all(scripts.map(async (script) => {
    const help = await run(script, ["--help"]);
    assert.equal(help.code, 0, script);
    assert.match(help.text, /deno@2\.9\.5 task (migration|db):/, script);
    const wrong = await run(script, ["--nonsense"]);
    assert.notEqual(wrong.code, 0, script);
    assert.match(wrong.text, /--nonsense/, script);
    if (script === "migration_new") return;
    const noStack = await run(script, ["--data", data]);
    assert.equal(noStack.code, 1, script);
    assert.match(noStack.text, /deno task start/, script);
    for (const url of ["postgresql://a:secret@/x", "postgresql://a:secret@127.0.0.1/x?host=b"]) {
      const { code, text } = await run(script, ["--db-url", url]);
      assert.equal(code, 1, script);
      assert.match(text, /--db-url/, script);
      assert.ok(!text.includes("secret"), text);
    }
  }));
  await Deno.remove(data);
});
