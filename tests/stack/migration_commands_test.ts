/** The commands of migrations, on a running stack and on another database. */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type postgres from "postgres";
import { parse } from "smol-toml";
import { parseStartOptions } from "../../local/cli/stack_options.ts";
import type { StackEnvironment } from "../../local/stack/environment.ts";
import { migrateStack } from "../../local/stack/start_database.ts";
import { signInSeller } from "../../local/stack/seller.ts";
import { runSupabaseCli, SupabaseCliError } from "../../local/supabase/cli.ts";
import { takeSchemaSnapshot } from "../../local/supabase/schema_snapshot.ts";
import { becomeOwner } from "../support/backup.ts";
import { privileges } from "../support/privileges.ts";
import { callCommand, runCommand as run } from "../support/run_command.ts";
import { test } from "../support/shared_stack.ts";
import { open, ownOrders, SELLERS, signIn } from "../support/seed_sellers.ts";
import { createTestDatabase, startTestStack, type TestStack } from "../support/stack.ts";
import { QUIET_MINUTE, tickAt } from "../support/tick_at.ts";
import { until } from "../support/until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

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

/** A stack whose commands run as `postgres`, which is not a superuser, and may apply all migrations again. */
async function startResettableStack(): Promise<TestStack> {
  const stack = await startTestStack();
  await allowReset(stack.sql);
  await becomeOwner(stack.data);
  return stack;
}

/** A copy of a database lacks the grants on the database itself. */
async function allowReset(sql: postgres.Sql): Promise<void> {
  await sql`
    do $$ begin
      execute format('grant create on database %I to postgres', current_database());
    end $$`;
}

/** Status of the API's answer to the backend. */
async function statusOf(env: StackEnvironment, path: string): Promise<number> {
  const response = await fetch(`${env.SUPABASE_URL}/rest/v1/${path}`, {
    headers: { apikey: env.SUPABASE_SECRET_KEY },
  });
  await response.body?.cancel();
  return response.status;
}

/** A running stack, and a copy of the repository in which migrations may come and go. */
interface Scene extends AsyncDisposable {
  stack: TestStack;
  root: string;
}

async function makeScene(): Promise<Scene> {
  const root = await Deno.makeTempDir();
  await copyRepository(root);
  const stack = await startResettableStack();
  return {
    stack,
    root,
    async [Symbol.asyncDispose]() {
      await stack[Symbol.asyncDispose]();
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

/** migration:up applies the file, and REST serves its table. */
async function applyMigration({ stack, root }: Scene, path: string): Promise<void> {
  const { env, data } = stack;
  assert.equal(await statusOf(env, "notes?select=id"), 404);
  const up = await run("migration_up", ["--data", data], { root });
  assert.equal(up.code, 0, up.text);
  assert.ok(up.text.includes(basename(path)), up.text);
  await until(
    "REST serves the new table",
    async () => await statusOf(env, "notes?select=id") === 200,
  );
}

/** Auth signs up, and the scheduler's job reaches the functions. */
async function checkStackWorks(stack: TestStack): Promise<void> {
  const dora = await signInSeller(stack.env, "dora@example.com", "local-password");
  assert.deepEqual((await dora.client.from("users").select("email")).data, [
    { email: "dora@example.com" },
  ]);
  await tickAt(stack, QUIET_MINUTE);
  const responses = await stack.sql`select status_code from net._http_response`;
  assert.deepEqual(responses.map((row) => row.status_code), [200]);
}

Deno.test("migration:new, migration:up and migration:reset on a running stack", async () => {
  await using scene = await makeScene();
  const { stack, root } = scene;
  const { env, database, sql, data } = stack;
  const rights = await privileges(sql);
  const schema = await takeSchemaSnapshot(database.adminUrl);
  const readSecrets = () => sql`select name, secret from vault.secrets order by name`;
  const secrets = await readSecrets();
  const path = await addMigration(scene);
  await applyMigration(scene, path);

  const carol = await signInSeller(env, "carol@example.com", "local-password");
  const refused = await callCommand("migration_reset", ["--data", data]);
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
  assert.deepEqual(await ownOrders(ada), { owners: new Set([ada.id]), orders: 15 });
  await checkStackWorks(stack);
});

/** `supabase db reset`, with other settings than ours. */
async function resetWith(config: string, databaseUrl: string): Promise<void> {
  const workdir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(workdir, "supabase"));
    await Deno.writeTextFile(join(workdir, "supabase", "config.toml"), config);
    await runSupabaseCli(["db", "reset", "--no-seed", "--yes"], { databaseUrl, workdir });
  } finally {
    await Deno.remove(workdir, { recursive: true });
  }
}

/** The CLI takes a database at a port of [db] for its own in Docker. */
async function lookForDocker(databaseUrl: string): Promise<void> {
  const { port } = new URL(databaseUrl);
  const config = await Deno.readTextFile(join(ROOT, "supabase/config.toml"));
  // Functions would have to exist in the folder.
  const settings = config.replace(/\n[^\n]*\n\[functions\.[^]*/, "\n");
  await Promise.all(["port", "shadow_port"].map(async (name) => {
    const taken = settings.replace(new RegExp(`^${name} = 25\\d+$`, "m"), `${name} = ${port}`);
    assert.notEqual(taken, settings);
    await assert.rejects(resetWith(taken, databaseUrl), (error) => {
      assert.ok(error instanceof SupabaseCliError);
      assert.match(error.message, /Docker/);
      return true;
    });
  }));
}

Deno.test("migration:reset --no-seed leaves another database empty, with its plans; the CLI looks for Docker at the ports of [db] only", async () => {
  await using database = await createTestDatabase();
  await using sql = open(database.url);
  await allowReset(sql);
  await lookForDocker(database.url);
  // With our settings it does not look: the database is at another port.
  const reset = await callCommand("migration_reset", [
    "--db-url",
    database.url,
    "--yes",
    "--no-seed",
  ]);
  assert.equal(reset.code, 0, reset.text);
  const [counts] = await sql`
    select (select count(*)::int from auth.users) as users, (select count(*)::int from plans) as plans`;
  assert.deepEqual({ ...counts }, { users: 0, plans: 4 });
});

Deno.test("attack: a migration that was edited after it was applied is named, and nothing is applied", async () => {
  await using database = await createTestDatabase();
  await using sql = open(database.url);
  const versions = ["20261123000400", "20261123000600"];
  // As if these were the statements of the files when they were applied, and the last file is new.
  await sql`
    update supabase_migrations.schema_migrations set statements = array['select 1']
    where version in ${sql(versions)}`;
  const removed = await sql`
    delete from supabase_migrations.schema_migrations
    where version = (select max(version) from supabase_migrations.schema_migrations)
    returning version`;
  const before = await takeSchemaSnapshot(database.url);
  const { code, text } = await callCommand("migration_up", ["--db-url", database.url]);
  assert.equal(code, 1);
  assert.match(text, /20261123000400_orders\.sql, 20261123000600_inbox\.sql\. .*migration:new/);
  assert.equal(await takeSchemaSnapshot(database.url), before);
  const applied = await sql`
    select from supabase_migrations.schema_migrations where version = ${removed[0]?.version}`;
  assert.deepEqual([removed.length, applied.length], [1, 0]);
});

Deno.test("a migration whose file is missing is named; for a stack's own data the reset of its folder too", async () => {
  await using database = await createTestDatabase();
  await using sql = open(database.url);
  await sql`insert into supabase_migrations.schema_migrations (version) values ('20991231000000')`;
  const before = await takeSchemaSnapshot(database.url);
  const lacks = "supabase/migrations lacks: 20991231000000\\. Put the files back.*";
  await assert.rejects(
    migrateStack(database.url, "/data"),
    new RegExp(`${lacks}, or delete the local data: npx .* task reset --data /data$`),
  );
  await assert.rejects(migrateStack(database.url), new RegExp(`${lacks} that has them\\.$`));
  assert.equal(await takeSchemaSnapshot(database.url), before);
});

test("migration:up does nothing where a database has every migration", async ({ data, sql }) => {
  const read = async () => [...await sql`select * from supabase_migrations.schema_migrations`];
  const before = await read();
  const { code, text } = await callCommand("migration_up", ["--data", data]);
  assert.deepEqual([code, /Nothing to do/.test(text)], [0, true], text);
  assert.deepEqual(await read(), before);
});

Deno.test("the CLI's own database in Docker has another port than ours", async () => {
  const config = parse(await Deno.readTextFile(join(ROOT, "supabase/config.toml")));
  const { port } = config.db as { port?: number };
  assert.ok(port !== undefined && port !== parseStartOptions([])?.dbPort);
});

Deno.test("migration:new takes snake_case only", async () => {
  const before = await Array.fromAsync(Deno.readDir(join(ROOT, "supabase/migrations")));
  for (const name of ["AddNotes", "add-notes", "add__notes", "_notes", "1_notes", "../notes"]) {
    const { code, text } = await callCommand("migration_new", [name]);
    assert.equal(code, 2, name);
    assert.match(text, /snake_case/);
  }
  const after = await Array.fromAsync(Deno.readDir(join(ROOT, "supabase/migrations")));
  assert.equal(after.length, before.length);
});
