/** The logs of a stack. */
import { join } from "node:path";
import type postgres from "postgres";
import type { TestStack } from "./stack.ts";
import { until } from "./until.ts";

/** Every log in the data folder of a stack, when its functions have ended all their work. */
export async function* readLogs(
  stack: Pick<TestStack, "data" | "callFunction">,
): AsyncGenerator<{ path: string; text: string }> {
  await readFunctionLog(stack);
  const { data } = stack;
  const folder = join(data, "logs");
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    yield { path, text: await Deno.readTextFile(path) };
  }
  const path = join(data, "console.log");
  yield { path, text: await Deno.readTextFile(path).catch(() => "") };
}

/**
 * Waits until the functions have ended all their work. Returns what they have logged, with the counts of lines
 * that they left out; their allowances begin again. @throws {Error} if their process does not live.
 */
export async function readFunctionLog(
  { data, callFunction }: Pick<TestStack, "data" | "callFunction">,
): Promise<string> {
  const mark = crypto.randomUUID();
  const { status, body } = await callFunction(
    new Request(`http://host/functions/v1/_idle?${mark}`),
  );
  await body?.cancel();
  if (status !== 204) throw new Error(`The functions' host answered ${status}`);
  // Lines reach the file after answers, by two pipes.
  const lines = await until("the functions' log is written", async () => {
    const text = await Deno.readTextFile(join(data, "logs", "functions.log"));
    const [before = "", between, after] = text.split(`?${mark}\n`);
    return after === undefined ? undefined : [before, between, after];
  });
  return lines.join("");
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
