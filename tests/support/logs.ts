/** The logs of a stack. */
import { join } from "node:path";
import type postgres from "postgres";
import type { TestStack } from "./stack.ts";
import { until } from "./until.ts";

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

/**
 * What the functions have logged until now. Their lines reach the file after their answers, in order: a
 * refused call of its own shows that all before it are there.
 */
export async function readFunctionLog(
  { data, env }: Pick<TestStack, "data" | "env">,
): Promise<string> {
  const id = crypto.randomUUID();
  const refused = await fetch(`${env.SUPABASE_URL}/functions/v1/tiktok-oauth/shops`, {
    headers: { "x-request-id": id },
  });
  await refused.body?.cancel();
  let text = "";
  await until("the functions' log is written", async () => {
    text = await Deno.readTextFile(join(data, "logs", "functions.log"));
    return text.includes(id);
  });
  return text.split("\n").filter((line) => !line.includes(id)).join("\n");
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
