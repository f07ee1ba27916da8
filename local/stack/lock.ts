/** Lets one stack at a time use a data folder. The lock ends with the process, also after a crash. */
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { shownPath, taskLine } from "../cli/data_folder.ts";

/** The folder is in use; the message names the process. */
export class DataInUseError extends Error {
  override name = "DataInUseError";
}

/** `findLockHolder` may hold the lock for a moment. */
const AGAIN_MS = 100;

const pathOf = (data: string) => join(data, "lock");

/** The lock of a start without a terminal, until its stack answers: it follows a log that others would write to. */
const startPathOf = (data: string) => join(data, "start.lock");

async function readPid(path: string): Promise<number> {
  return Number((await Deno.readTextFile(path)).trim());
}

const inUse = (data: string, pid: number) =>
  new DataInUseError(
    `A stack is running from ${shownPath(data)}/ already (process ${pid}). ` +
      `Stop it first: ${taskLine("stop", data)}`,
  );

/** @param refuse The error about the process that has locked the file. */
async function lockFile(path: string, refuse: (pid: number) => Error): Promise<Disposable> {
  const file = await Deno.open(path, { create: true, read: true, write: true, mode: 0o600 });
  if (!await file.tryLock(true) && (await sleep(AGAIN_MS), !await file.tryLock(true))) {
    file.close();
    throw refuse(await readPid(path));
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return { [Symbol.dispose]: () => file.close() };
}

/** @throws {DataInUseError} */
export function lockData(data: string): Promise<Disposable> {
  return lockFile(pathOf(data), (pid) => inUse(data, pid));
}

/** One start without a terminal at a time. @throws {DataInUseError} also if a stack runs. */
export async function lockStart(data: string): Promise<Disposable> {
  const lock = await lockFile(startPathOf(data), (pid) =>
    new DataInUseError(
      `A stack is starting from ${shownPath(data)}/ already (process ${pid}). ` +
        `See it with: ${taskLine("status", data)}`,
    ));
  const holder = await findLockHolder(data);
  if (holder === undefined) return lock;
  lock[Symbol.dispose]();
  throw inUse(data, holder);
}

/** Id of the process that has locked the folder (absolute); undefined if no stack runs from it. */
export async function findLockHolder(data: string): Promise<number | undefined> {
  const path = pathOf(data);
  // A lock needs the right to write.
  using file = await Deno.open(path, { read: true, write: true }).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (file === undefined || await file.tryLock(true)) return undefined;
  return await readPid(path);
}
