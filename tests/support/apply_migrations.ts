/** Applies migrations without the Supabase CLI, which takes two seconds of CPU time. */
import { loadModule } from "libpg-query";
import type postgres from "postgres";
import { splitStatements } from "../../local/database_tasks/pending_migrations.ts";

const MIGRATIONS = new URL("../../supabase/migrations/", import.meta.url);

/**
 * Applies migrations to a prepared database, and notes the statements of each as `supabase db push` does, without the
 * comments before them.
 * @param end As of `Array.slice`: -1 leaves the newest out. @default {all}
 */
export async function applyMigrations(sql: postgres.Sql, end?: number): Promise<void> {
  await loadModule();
  const entries = await Array.fromAsync(Deno.readDir(MIGRATIONS), ({ name }) => name);
  const names = entries.filter((name) => name.endsWith(".sql")).sort();
  for (const file of names.slice(0, end)) {
    const text = await Deno.readTextFile(new URL(file, MIGRATIONS));
    const statements = splitStatements(text).map((statement) => statement.text);
    const [, version = "", name = ""] = /^(\d+)_(.*)\.sql$/.exec(file) ?? [];
    await sql.begin(async (transaction) => {
      await transaction`set local role postgres`;
      await transaction.unsafe(text).simple();
      await transaction`
        insert into supabase_migrations.schema_migrations (version, statements, name)
        values (${version}, ${statements}, ${name})`;
    });
  }
}
