/** Lets one stack at a time use a data folder. The lock ends with the process, also after a crash. */
import { join } from "node:path";

/** The folder is in use; the message names the process. */
export class DataInUseError extends Error {
  override name = "DataInUseError";
}

/** @throws {DataInUseError} */
export async function lockData(data: string): Promise<Disposable> {
  const path = join(data, "lock");
  const file = await Deno.open(path, { create: true, read: true, write: true, mode: 0o600 });
  if (!await file.tryLock(true)) {
    file.close();
    const pid = (await Deno.readTextFile(path)).trim();
    throw new DataInUseError(
      `A stack is running from ${data} already (process ${pid}). Stop it first. For another stack, choose another folder: --data DIR`,
    );
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return { [Symbol.dispose]: () => file.close() };
}
