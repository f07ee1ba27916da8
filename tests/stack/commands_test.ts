/** The database's commands, as processes without a terminal. */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { parse } from "smol-toml";
import type { StackEnvironment } from "../../local/stack/environment.ts";
import { parseStackOptions } from "../../local/cli/stack_options.ts";
import { redirectConsole } from "../../local/cli/console.ts";
import { takeSchemaSnapshot } from "../../local/supabase/schema_snapshot.ts";
import { createScheduler } from "../../local/supabase/scheduler.ts";
import { type Seller, signInSeller } from "../../local/stack/seller.ts";
import { type Stack, startStack } from "../../local/stack/stack.ts";
import { runCommand as run } from "../support/run_command.ts";
import { privileges } from "../support/privileges.ts";
import { createTestDatabase, startTestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SELLERS = { ada: "ada@creatorflow.test", bob: "bob@creatorflow.test" };

function open(url: string): postgres.Sql {
  return postgres(url, { max: 1, onnotice: () => {} });
}

/** Copies the files that the commands need. */
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

/** With its own Postgres: a reset database belongs to `postgres`, which is not a superuser. */
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

/** Signs in without signing up. */
async function signIn(env: StackEnvironment, email: string): Promise<string | undefined> {
  const { auth } = createClient(env.SUPABASE_URL, env.SUPABASE_PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { data } = await auth.signInWithPassword({ email, password: "local-password" });
  return data.session?.access_token;
}

/** Status of the API's answer to the backend. */
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

/** A running stack, and a copy of the repository in which migrations may come and go. */
interface Scene extends AsyncDisposable {
  own: OwnStack;
  root: string;
}

async function makeScene(): Promise<Scene> {
  const root = await Deno.makeTempDir();
  await copyRepository(root);
  const own = await startOwnStack();
  return {
    own,
    root,
    async [Symbol.asyncDispose]() {
      await own[Symbol.asyncDispose]();
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** migration:new, and a table in the new file. Returns its path. */
async function addMigration({ root }: Scene): Promise<string> {
  const made = await run("migration_new", ["add_notes"], { root });
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
  return path;
}

/** migration:up applies the file once, and REST serves its table. */
async function applyMigration({ own, root }: Scene, path: string): Promise<void> {
  const { env } = own.stack;
  assert.equal(await statusOf(env, "notes?select=id"), 404);
  const up = await run("migration_up", ["--data", own.data], { root });
  assert.equal(up.code, 0, up.text);
  assert.ok(up.text.includes(basename(path)), up.text);
  await until(
    "REST serves the new table",
    async () => await statusOf(env, "notes?select=id") === 200,
  );
  const again = await run("migration_up", ["--data", own.data], { root });
  assert.equal(again.code, 0);
  assert.match(again.text, /Nothing to do/);
}

/** Auth signs up, and the scheduler's job reaches the functions. */
async function checkStackWorks({ stack, sql }: OwnStack): Promise<void> {
  const dora = await signInSeller(stack.env, "dora@example.com", "local-password");
  assert.deepEqual((await dora.client.from("users").select("email")).data, [
    { email: "dora@example.com" },
  ]);
  const scheduler = createScheduler(stack.database.adminUrl);
  try {
    await scheduler.tick(new Date("2026-11-23T10:01:00Z"));
  } finally {
    await scheduler.stop();
  }
  const responses = await sql`select status_code from net._http_response`;
  assert.deepEqual(responses.map((row) => row.status_code), [200]);
}

Deno.test("migration:new, migration:up and migration:reset on a running stack", async () => {
  await using scene = await makeScene();
  const { own, root } = scene;
  const { stack: { env, database }, sql, data } = own;
  const rights = await privileges(sql);
  const schema = await takeSchemaSnapshot(database.adminUrl);
  const readSecrets = () => sql`select name, secret from vault.secrets order by name`;
  const secrets = await readSecrets();
  const path = await addMigration(scene);
  await applyMigration(scene, path);

  const carol = await signInSeller(env, "carol@example.com", "local-password");
  const refused = await run("migration_reset", ["--data", data], { root });
  assert.equal(refused.code, 1);
  assert.match(refused.text, /no terminal.*--yes/);
  assert.equal((await carol.client.from("users").select("id")).data?.length, 1);

  await Deno.remove(path);
  const reset = await run("migration_reset", ["--data", data, "--yes"], { root });
  assert.equal(reset.code, 0, reset.text);
  await until(
    "REST no longer serves the table",
    async () => await statusOf(env, "notes?select=id") === 404,
  );
  assert.deepEqual(await privileges(sql), rights);
  assert.equal(await takeSchemaSnapshot(database.adminUrl), schema);
  assert.deepEqual(await readSecrets(), secrets);
  assert.equal(await signIn(env, "carol@example.com"), undefined);
  const ada = await signInSeller(env, SELLERS.ada, "local-password");
  assert.deepEqual(await ownOrders(ada), { owners: new Set([ada.id]), orders: 8 });
  await checkStackWorks(own);
});

Deno.test("migration:reset --no-seed leaves another database empty, with its plans", async () => {
  const database = await createTestDatabase();
  const sql = open(database.url);
  // A copy of a database lacks the grants on the database itself.
  const name = new URL(database.url).pathname.slice(1);
  await sql`grant create on database ${sql(name)} to postgres`;
  const reset = await run("migration_reset", ["--db-url", database.url, "--yes", "--no-seed"]);
  assert.equal(reset.code, 0, reset.text);
  const [counts] = await sql`
    select (select count(*)::int from auth.users) as users, (select count(*)::int from plans) as plans`;
  assert.deepEqual({ ...counts }, { users: 0, plans: 4 });
  await sql.end();
  await database.drop();
});

Deno.test("the CLI's own database in Docker has another port than ours", async () => {
  const config = parse(await Deno.readTextFile(join(ROOT, "supabase/config.toml")));
  const { port } = config.db as { port?: number };
  assert.ok(port !== undefined && port !== parseStackOptions([])?.dbPort);
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
  const first = await run("db_seed", ["--data", data]);
  assert.equal(first.code, 0, first.text);
  const seeded = await rows();
  const second = await run("db_seed", ["--data", data]);
  assert.equal(second.code, 0, second.text);
  assert.deepEqual(await rows(), seeded);

  for (const [email, orders, plan] of [[SELLERS.ada, 8, "growth"], [SELLERS.bob, 3, undefined]]) {
    assert.ok(await signIn(env, String(email)), String(email));
    const seller = await signInSeller(env, String(email), "local-password");
    assert.deepEqual(await ownOrders(seller), { owners: new Set([seller.id]), orders });
    const { data: subscriptions } = await seller.client.from("subscriptions").select("plan_name");
    assert.equal(subscriptions?.[0]?.plan_name, plan);
    const [{ counted, stored } = {}] = await sql`
      select private.monthly_order_count(${seller.id}) as counted, count(*)::int as stored
      from public.orders
      where user_id = ${seller.id}
        and created_at >= private.current_month()::timestamp at time zone 'UTC'`;
    assert.equal(counted, stored);
  }
  const states = await sql`select distinct order_status from public.orders`;
  assert.ok(states.length >= 8);
});

Deno.test("db:health-check prints every figure, and fails when one is not healthy", async () => {
  const database = await createTestDatabase();
  const sql = open(database.url);
  const check = () => run("db_health_check", ["--db-url", database.url]);
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

/** A port that counts its connections. */
function startCounter(): { port: number; count: () => number; stop(): Promise<void> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  })();
  return {
    port: listener.addr.port,
    count: () => connections,
    async stop() {
      listener.close();
      await accepting;
    },
  };
}

/** The same server under an address that does not count as this machine's. */
function elsewhere(url: string): URL {
  const changed = new URL(url);
  changed.hostname = "0.0.0.0";
  changed.searchParams.set("sslmode", "disable");
  return changed;
}

Deno.test("a database elsewhere is not even connected to unless its host is named twice", async () => {
  const database = await createTestDatabase();
  const url = elsewhere(database.url);
  const counter = startCounter();
  url.port = String(counter.port);
  const consents = [
    [],
    ["--yes"],
    ["--not-local", "0.0.0.0"],
    ["--yes", "--not-local", "0.0.0.1"],
  ];
  for (const command of ["db_seed", "migration_reset"]) {
    for (const consent of consents) {
      const { code, text } = await run(command, ["--db-url", url.href, ...consent]);
      assert.equal(code, 1, command);
      assert.match(text, /^Refused: .*--yes --not-local 0\.0\.0\.0/);
      assert.ok(!text.includes(url.password));
    }
  }
  assert.equal(counter.count(), 0);
  await counter.stop();
  await database.drop();
});

Deno.test("a database elsewhere is seeded once its host is named twice", async () => {
  const database = await createTestDatabase();
  const url = elsewhere(database.url);
  const named = ["--db-url", url.href, "--yes", "--not-local", "0.0.0.0"];
  const { code, text } = await run("db_seed", named);
  assert.equal(code, 0, text);
  assert.ok(!text.includes(url.password));
  const sql = open(database.url);
  const sellers = await sql`select email from public.users order by email`;
  await sql.end();
  assert.deepEqual(sellers.map((row) => row.email), Object.values(SELLERS));
  await database.drop();
});

Deno.test("the database's commands say how to start a stack, and refuse a wrong --db-url", async () => {
  const data = await Deno.makeTempDir();
  const commands = ["migration_up", "migration_reset", "db_seed", "db_health_check"];
  await Promise.all(commands.map(async (command) => {
    const noStack = await run(command, ["--data", data]);
    assert.equal(noStack.code, 1, command);
    assert.match(noStack.text, /deno task start/, command);
    for (const url of ["postgresql://a:secret@/x", "postgresql://a:secret@127.0.0.1/x?host=b"]) {
      const { code, text } = await run(command, ["--db-url", url]);
      assert.equal(code, 2, command);
      assert.match(text, /--db-url/, command);
      assert.ok(!text.includes("secret"), text);
    }
  }));
  await Deno.remove(data);
});
