/** Applies the migrations of the repository to a database. */
import { runSupabaseCli } from "./cli.ts";
import { missingMigrations } from "./migration_files.ts";

/**
 * Applies missing migrations with `supabase db push` and returns their file names. Starts the CLI, which
 * takes seconds, only if a migration is missing. @throws {EditedMigrationsError}
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const missing = await missingMigrations(databaseUrl);
  if (missing.length > 0) await runSupabaseCli(["db", "push", "--yes"], { databaseUrl });
  return missing;
}
