/** What `task start` notes in its data folder, for `task status`, `task stop` and `task start --detach`. */
import { join } from "node:path";
import * as z from "zod";
import { findLockHolder } from "./lock.ts";
import { writePrivateFile } from "./private_file.ts";

const RunningStack = z.object({
  pid: z.int(),
  started_at: z.iso.datetime(),
  /** Whether it runs without a terminal. */
  detached: z.boolean(),
  /** Base of REST, Auth and functions. */
  url: z.string(),
  /** Address of Postgres without its password. */
  database: z.string(),
  /** Commit of the repository at the start; null outside of git. */
  commit: z.string().nullable(),
  /** Version of the runtime. */
  deno: z.string(),
});
export type RunningStack = z.infer<typeof RunningStack>;

const pathOf = (data: string) => join(data, "running.json");

/** When the stack answers. It is deleted when the stack stops in order. */
export async function writeRunningFile(data: string, running: RunningStack): Promise<void> {
  await writePrivateFile(pathOf(data), `${JSON.stringify(running, null, 2)}\n`);
}

export async function removeRunningFile(data: string): Promise<void> {
  await Deno.remove(pathOf(data)).catch(() => {});
}

/** The last stack that answered; undefined if it stopped in order. */
export async function readRunningFile(data: string): Promise<RunningStack | undefined> {
  try {
    return RunningStack.parse(JSON.parse(await Deno.readTextFile(pathOf(data))));
  } catch {
    // Without the file, or with half of it after a full disk, nothing is known.
    return undefined;
  }
}

export type StackState =
  /** @param killed The last stack, if it did not stop in order. */
  | { state: "none"; killed: RunningStack | undefined }
  /** Starting, or stopping. */
  | { state: "busy"; pid: number }
  | { state: "running"; running: RunningStack };

/** @param data Absolute. */
export async function readStackState(data: string): Promise<StackState> {
  const pid = await findLockHolder(data);
  const running = await readRunningFile(data);
  if (pid === undefined) return { state: "none", killed: running };
  if (running?.pid !== pid) return { state: "busy", pid };
  return { state: "running", running };
}
