/** Deletes the data of a stack. */
import { join } from "node:path";
import { findPlace, hasCluster } from "../postgres/binaries.ts";
import { stopLeftover } from "../postgres/server.ts";
import { findLockHolder, lockData } from "./lock.ts";

/** Everything that a stack writes: the folder may be one that holds other things too. */
const CONTENT = [
  ".gitignore",
  "cluster",
  "easypost-simulator.jsonl",
  "stripe-simulator.jsonl",
  "env",
  "function-host.pid",
  "keys.json",
  "lock",
  "logs",
  "mails",
  "operator-sessions.json",
  "postgres",
  "running.json",
  "start.lock",
  "tiktok-simulator.jsonl",
];

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Without its keys a folder is a stack's if it has the lock too: a Postgres of your own must stay. */
export async function hasData(data: string): Promise<boolean> {
  if (await exists(join(data, "keys.json"))) return true;
  return await exists(join(data, "lock")) && await hasCluster(data);
}

async function removeContent(data: string): Promise<void> {
  for (const name of CONTENT) {
    await Deno.remove(join(data, name), { recursive: true }).catch(() => {});
  }
}

/** The data folder before a start. */
export type FolderBefore = "missing" | "empty" | "used";

export async function lookAtFolder(data: string): Promise<FolderBefore> {
  if (!await exists(data)) return "missing";
  const entries = await Array.fromAsync(Deno.readDir(data));
  return entries.length === 0 ? "empty" : "used";
}

/** Removes what a refused start has made, unless another stack runs from there by now, or has keys there. */
export async function deleteRefused(data: string, before: FolderBefore): Promise<void> {
  if (before === "used" || await exists(join(data, "keys.json"))) return;
  if (await findLockHolder(data) !== undefined) return;
  await removeContent(data);
  if (before === "missing") await Deno.remove(data).catch(() => {});
}

/**
 * Stops a Postgres that was left over and deletes all files. Returns whether the stack used an outside
 * Postgres, which stays. @throws {DataInUseError}
 */
export async function deleteData(data: string): Promise<{ keptPostgres: boolean }> {
  let keptPostgres: boolean;
  {
    using _lock = await lockData(data);
    const place = await findPlace(data);
    keptPostgres = !await exists(place.data);
    await stopLeftover(place);
    await Deno.remove(place.data, { recursive: true }).catch(() => {});
    await removeContent(data);
  }
  // Fails if it holds other things too.
  await Deno.remove(data).catch(() => {});
  return { keptPostgres };
}
