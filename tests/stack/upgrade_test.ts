/** Migrations of a database that holds data: nothing is lost, and a second run does nothing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { migrate } from "../../local/supabase/migrate.ts";
import { accessTo, bootstrap } from "../../local/supabase/bootstrap.ts";
import { remoteFlag, runSupabaseCli } from "../../local/supabase/cli.ts";
import { createTestDatabase } from "../support/stack.ts";

const SUPABASE = new URL("../../supabase/", import.meta.url);

/** How many of the newest migrations the older database lacks, which the older database lacks. */
const NEW_MIGRATIONS = 2;

/** A copy of the project's folder without the last migrations. */
async function olderProject(): Promise<string> {
  const folder = await Deno.makeTempDir();
  const target = join(folder, "supabase", "migrations");
  await Deno.mkdir(target, { recursive: true });
  await Deno.copyFile(new URL("config.toml", SUPABASE), join(folder, "supabase", "config.toml"));
  const migrations = new URL("migrations/", SUPABASE);
  const entries = await Array.fromAsync(Deno.readDir(migrations), (entry) => entry.name);
  const names = entries.filter((name) => name.endsWith(".sql"));
  for (const name of names.sort().slice(0, -NEW_MIGRATIONS)) {
    await Deno.copyFile(new URL(name, migrations), join(target, name));
  }
  return folder;
}

/** A fingerprint of every row, by table. */
async function fingerprints(sql: postgres.Sql): Promise<Record<string, string>> {
  const tables = await sql<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('public', 'private') or (schemaname = 'auth' and tablename = 'users')`;
  const result: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await sql.unsafe(
      `select count(*) || ' ' || md5(coalesce(string_agg(t::text, ',' order by t::text), '')) as mark
       from ${name} as t`,
    );
    result[name] = row?.mark;
  }
  return result;
}

Deno.test("migrations run over the seed's data: nothing is lost, and the second run does nothing", async () => {
  const database = await createTestDatabase("template0");
  const access = accessTo(database.url);
  const project = await olderProject();
  await bootstrap(access);
  await runSupabaseCli(["db", "push", remoteFlag(access.url), "--yes", "--workdir", project]);
  const sql = postgres(access.url, { max: 1, onnotice: () => {} });
  await sql.unsafe(await Deno.readTextFile(new URL("seed.sql", SUPABASE)));
  const before = await fingerprints(sql);
  assert.match(before["public.orders"] ?? "", /^[1-9]/);
  assert.match(before["public.shipments"] ?? "", /^[1-9]/);

  assert.equal((await migrate(access.url)).length, NEW_MIGRATIONS);
  assert.deepEqual(await fingerprints(sql), before);

  assert.equal((await migrate(access.url)).length, 0);
  const again = await runSupabaseCli(["db", "push", remoteFlag(access.url), "--yes"]);
  assert.match(again, /up to date/i);
  assert.deepEqual(await fingerprints(sql), before);

  await sql.end();
  await Deno.remove(project, { recursive: true });
  await database.drop();
});
