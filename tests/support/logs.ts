/** The logs of a stack. */
import { join } from "node:path";

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
