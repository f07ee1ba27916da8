/** Migrations of a database that holds data: nothing is lost, and a second run does nothing. */
import assert from "node:assert/strict";
import type postgres from "postgres";
import { withoutLeadingComments } from "../../local/database_tasks/pending_migrations.ts";
import { migrate } from "../../local/supabase/migrate.ts";
import { accessTo, bootstrap } from "../../local/supabase/bootstrap.ts";
import { runSupabaseCli } from "../../local/supabase/cli.ts";
import { applyMigrations } from "../support/apply_migrations.ts";
import { open } from "../support/seed_sellers.ts";
import { createTestDatabase } from "../support/stack.ts";

const SUPABASE = new URL("../../supabase/", import.meta.url);

/** Number of the newest migrations, which the older database lacks. */
const NEW_MIGRATIONS = 2;

interface Table {
  name: string;
  /** Quoted names, in alphabetical order. */
  columns: string[];
}

/** Tables with the columns that they have now. */
async function readTables(sql: postgres.Sql): Promise<Table[]> {
  return await sql<Table[]>`
    select format('%I.%I', table_schema, table_name) as name,
      array_agg(quote_ident(column_name) order by column_name) as columns
    from information_schema.columns
    join information_schema.tables using (table_schema, table_name)
    where table_type = 'BASE TABLE'
      and (table_schema in ('public', 'private')
        or (table_schema, table_name) = ('auth', 'users'))
    group by table_schema, table_name
    order by 1`;
}

/** A fingerprint of every row, by table. Columns and tables that a later migration adds do not count. */
async function fingerprints(
  sql: postgres.Sql,
  tables: readonly Table[],
): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const { name, columns } of tables) {
    const row = `row(${columns.join(", ")})::text`;
    const [found] = await sql.unsafe(
      `select count(*) || ' ' || md5(coalesce(string_agg(${row}, ',' order by ${row}), '')) as mark
       from ${name}`,
    );
    result[name] = found?.mark;
  }
  return result;
}

/** The tests' database, which the CLI has not migrated, notes the migrations as it does, but for comments. */
async function assertNotedAlike(sql: postgres.Sql): Promise<void> {
  await using tested = await createTestDatabase();
  await using other = open(tested.url);
  const read = async (from: postgres.Sql) =>
    (await from`select * from supabase_migrations.schema_migrations order by version`)
      .map((row) => ({ ...row, statements: row.statements.map(withoutLeadingComments) }));
  assert.deepEqual(await read(sql), await read(other));
}

Deno.test("migrations run over the seed's data: nothing is lost, and the second run does nothing", async () => {
  await using database = await createTestDatabase("template0");
  const access = accessTo(database.url);
  await bootstrap(access);
  await using sql = open(access.url);
  await applyMigrations(sql, -NEW_MIGRATIONS);
  await sql.unsafe(await Deno.readTextFile(new URL("seed.sql", SUPABASE)));
  const tables = await readTables(sql);
  const before = await fingerprints(sql, tables);
  assert.match(before["public.orders"] ?? "", /^[1-9]/);
  assert.match(before["public.shipments"] ?? "", /^[1-9]/);

  assert.equal((await migrate(access.url)).length, NEW_MIGRATIONS);
  assert.deepEqual(await fingerprints(sql, tables), before);
  await assertNotedAlike(sql);

  assert.equal((await migrate(access.url)).length, 0);
  const again = await runSupabaseCli(["db", "push", "--yes"], { databaseUrl: access.url });
  assert.match(again, /up to date/i);
  assert.deepEqual(await fingerprints(sql, tables), before);

  // As a later migration does.
  await sql`alter table public.orders add column added text not null default ''`;
  await sql`create table public.added (id integer)`;
  assert.deepEqual(await fingerprints(sql, tables), before);
  await sql`update public.orders set currency = 'EUR' where true`;
  assert.notDeepEqual(await fingerprints(sql, tables), before);
});
