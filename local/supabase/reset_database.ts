/** Empties a database and applies all migrations again. */
import { withConnection } from "../postgres/connection.ts";
import { runSupabaseCli } from "./cli.ts";
import { requestReload } from "./schema_reload.ts";

/**
 * `supabase db reset` drops pg_cron with its jobs. The local stand-in is not an extension and stays, and a
 * job that no migration schedules any more would stay with it.
 */
async function unscheduleJobs(databaseUrl: string): Promise<void> {
  await withConnection(databaseUrl, async (sql) => {
    const [table] = await sql`select to_regclass('cron.job') as name`;
    if (table?.name === null) return;
    await sql`
      select cron.unschedule(jobid) from cron.job
      where username = current_user and database = current_database()`;
  });
}

export async function resetDatabase(
  databaseUrl: string,
  { seed }: { seed: boolean },
): Promise<void> {
  await unscheduleJobs(databaseUrl);
  const options = seed ? [] : ["--no-seed"];
  await runSupabaseCli(["db", "reset", "--yes", ...options], { databaseUrl });
  await requestReload(databaseUrl);
}
