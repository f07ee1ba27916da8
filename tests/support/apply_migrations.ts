/** Applies migrations without the Supabase CLI, which takes a second of CPU time. */
import type postgres from "postgres";

const MIGRATIONS = new URL("../../supabase/migrations/", import.meta.url);

/**
 * Applies migrations to a prepared database, and notes each as `supabase db push` does.
 * @param end As of `Array.slice`: -1 leaves the newest out. @default {all}
 */
export async function applyMigrations(sql: postgres.Sql, end?: number): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(MIGRATIONS), ({ name }) => name);
  const names = entries.filter((name) => name.endsWith(".sql")).sort();
  for (const name of names.slice(0, end)) {
    const statements = await Deno.readTextFile(new URL(name, MIGRATIONS));
    const [version = ""] = name.split("_");
    await sql.begin(async (transaction) => {
      await transaction`set local role postgres`;
      await transaction.unsafe(statements).simple();
      await transaction`
        insert into supabase_migrations.schema_migrations (version, statements, name)
        values (${version}, ${[statements]}, ${name})`;
    });
  }
}
