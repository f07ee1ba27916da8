/** The logs of a stack. */
import { join } from "node:path";
import type postgres from "postgres";

/** Every log in the data folder of a stack. */
export async function* readLogs(data: string): AsyncGenerator<{ path: string; text: string }> {
  const folder = join(data, "logs");
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    yield { path, text: await Deno.readTextFile(path) };
  }
  const path = join(data, "console.log");
  yield { path, text: await Deno.readTextFile(path).catch(() => "") };
}

/** Reads what Postgres logs from now on, by a superuser. */
export async function followServerLog(sql: postgres.Sql): Promise<() => Promise<string>> {
  const [begin] = await sql`select (pg_stat_file(pg_current_logfile())).size`;
  return async () => {
    const [log] = await sql`
      select pg_read_file(pg_current_logfile(), ${begin?.size}, 100000000) as text`;
    return log?.text;
  };
}
