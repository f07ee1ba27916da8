/** `deno task migration:reset`: empties a database, applies all migrations again, and seeds it. */
import { parseArgs } from "node:util";
import postgres from "postgres";
import { print } from "../cli/console.ts";
import { requestReload } from "../supabase/schema_reload.ts";
import { remoteFlag, runSupabaseCli } from "../supabase/cli.ts";
import {
  ask,
  CONSENT_OPTIONS,
  findTarget,
  refuseElsewhere,
  TARGET_OPTIONS,
} from "../cli/target.ts";

const HELP =
  `Deletes everything in the database, all users too; applies every migration and the seed.
A running stack goes on with the new database.

  npx -y deno@2.9.5 task migration:reset [options]

  --no-seed             leave the database empty
  --yes                 do not ask
  --data DIR            data folder of the running stack     (.local)
  --db-url URL          another database, in place of the running stack's
  --not-local HOST      with --yes: the database is on another machine, and HOST is its name`;

/**
 * `supabase db reset` drops pg_cron with its jobs. The local stand-in is no extension and stays, and a job
 * that no migration knows any more would stay with it.
 */
async function unscheduleJobs(databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const [table] = await sql`select to_regclass('cron.job') as name`;
    if (table?.name === null) return;
    await sql`
      select cron.unschedule(jobid) from cron.job
      where username = current_user and database = current_database()`;
  } finally {
    await sql.end();
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      ...TARGET_OPTIONS,
      ...CONSENT_OPTIONS,
      "no-seed": { type: "boolean", default: false },
    },
  });
  if (values.help) {
    print(HELP);
    return 0;
  }
  const target = await findTarget(values);
  refuseElsewhere(target, values);
  if (!ask(`Delete everything in ${target.name}?`, values)) {
    print("Nothing was changed.");
    return 1;
  }
  await unscheduleJobs(target.url);
  const seed = values["no-seed"] ? ["--no-seed"] : [];
  await runSupabaseCli(["db", "reset", remoteFlag(target.url), "--yes", ...seed]);
  await requestReload(target.url);
  print(`Made ${target.name} anew${values["no-seed"] ? "" : ", with the seed"}.`);
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    print((error as Error).message);
    Deno.exit(1);
  }
}
