/** Applies the migrations of the repository to a database. */
import { withConnection } from "../postgres/connection.ts";
import { remoteFlag, runSupabaseCli } from "./cli.ts";

const MIGRATIONS = new URL("../../supabase/migrations/", import.meta.url);

/** File names, in the order in which they are applied. */
async function migrationsInRepository(): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(MIGRATIONS), (entry) => entry.name);
  return names.filter((name) => name.endsWith(".sql")).sort();
}

async function versionsInDatabase(url: string): Promise<string[]> {
  return await withConnection(url, async (sql) => {
    const [table] = await sql`select to_regclass('supabase_migrations.schema_migrations') as name`;
    if (table?.name === null) return [];
    const rows = await sql<{ version: string }[]>`
      select version from supabase_migrations.schema_migrations order by version`;
    return rows.map((row) => row.version);
  });
}

/** File names of the migrations that a database lacks, in their order. */
export async function missingMigrations(databaseUrl: string): Promise<string[]> {
  const applied = new Set(await versionsInDatabase(databaseUrl));
  return (await migrationsInRepository())
    .filter((name) => !applied.has(name.split("_")[0] ?? name));
}

/**
 * Applies missing migrations with `supabase db push` and returns their file names. Starts the CLI, which
 * takes seconds, only if a migration is missing.
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const missing = await missingMigrations(databaseUrl);
  if (missing.length > 0) {
    await runSupabaseCli(["db", "push", remoteFlag(databaseUrl), "--yes"]).catch((cause) => {
      const hint =
        "If the migrations were rewritten since this database was made, it needs a new start: " +
        "deno task reset (local) or deno task migration:reset.";
      throw new Error(`${cause.message}\n\n${hint}`, { cause });
    });
  }
  return missing;
}
