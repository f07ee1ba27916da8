import { withConnection } from "../../postgres/connection.ts";
import { findValue, type Step } from "../step.ts";

const MIGRATION = new URL(
  "../../../supabase/migrations/20261123001100_schedules.sql",
  import.meta.url,
);

/** Name and statement of each job of the migration. */
async function readJobs(): Promise<Map<string, string>> {
  const text = await Deno.readTextFile(MIGRATION);
  const calls = text.matchAll(/perform (cron\.schedule\('([\w-]+)',.*\);)$/gm);
  return new Map(Array.from(calls, ([, call = "", name = ""]) => [name, `select ${call}`]));
}

export const checkSchedules: Step = {
  name: "schedules",
  does: "Checks that pg_cron has every job of the migrations.",
  leaves: "It does not start a job that was paused, or delete one that is not ours.",
  async run(deployment) {
    const jobs = await readJobs();
    const found = await withConnection(
      findValue(deployment, "databaseUrl"),
      async (sql) =>
        await sql<{ jobname: string; active: boolean }[]>`select jobname, active from cron.job`,
    );
    const missing = [...jobs].filter(([name]) => !found.some(({ jobname }) => jobname === name));
    if (missing.length > 0) {
      const statements = missing.map(([, statement]) => `  ${statement}`).join("\n");
      throw new Error(`pg_cron lacks jobs. Run in the SQL editor:\n${statements}`);
    }
    const paused = found.filter(({ jobname, active }) => jobs.has(jobname) && !active)
      .map(({ jobname }) => jobname);
    const notes = paused.length === 0 ? [] : [`left paused: ${paused.join(", ")}`];
    return { changed: false, lines: [`${jobs.size} jobs are scheduled`, ...notes] };
  },
};
