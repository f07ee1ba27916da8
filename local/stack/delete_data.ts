/** Deletes the data of a stack. */
import { join } from "node:path";
import { isDefaultFolder, shownPath } from "../cli/data_folder.ts";
import { exists } from "../files/exists.ts";
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

/** What a start leaves that ended before it made keys. */
const LEFT_EARLY = [".gitignore", "lock", "logs", "mails", "start.lock"];

async function hasOnlyEarlyFiles(data: string): Promise<boolean> {
  const names = await Array.fromAsync(Deno.readDir(data), ({ name }) => name);
  return names.every((name) => LEFT_EARLY.includes(name));
}

/** Without its keys a folder is a stack's if it has the lock too: a Postgres of your own must stay. */
export async function hasData(data: string): Promise<boolean> {
  if (await exists(join(data, "keys.json"))) return true;
  if (!await exists(join(data, "lock"))) return false;
  return await hasCluster(data) || await hasOnlyEarlyFiles(data);
}

async function removeContent(data: string): Promise<void> {
  for (const name of CONTENT) {
    await Deno.remove(join(data, name), { recursive: true }).catch(() => {});
  }
}

/** A start would spread its files among those of a person; the message names the way out. */
export class ForeignFolderError extends Error {
  override name = "ForeignFolderError";

  constructor(data: string) {
    super(
      `${
        shownPath(data)
      }/ is not empty, and does not hold the data of a stack. Nothing was changed in it. ` +
        "Choose a new folder: --data DIR",
    );
  }
}

/** The default folder may hold other things too. @throws {ForeignFolderError} */
export async function requireOwnFolder(data: string): Promise<void> {
  if (isDefaultFolder(data) || !await exists(data)) return;
  if (await hasOnlyEarlyFiles(data) || await hasData(data)) return;
  // Another start may be writing its keys.
  if (await findLockHolder(data) === undefined) throw new ForeignFolderError(data);
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

/** Removes new keys of a start that got no database: nothing is encrypted by them. The folder is locked. */
export async function deleteUnusedKeys(data: string): Promise<void> {
  const place = await findPlace(data);
  if (await exists(join(place.data, "PG_VERSION"))) return;
  for (const name of ["keys.json", "cluster"]) await Deno.remove(join(data, name)).catch(() => {});
}

/** The Postgres of the data: the stack's own, one of SUPABASE_DB_URL, or none before a start got that far. */
export type DataPostgres = "own" | "outside" | "none";

/**
 * Stops a Postgres that was left over and deletes all files. Returns which Postgres the stack used; an
 * outside one stays. @throws {DataInUseError}
 */
export async function deleteData(data: string): Promise<DataPostgres> {
  let used: DataPostgres;
  {
    using _lock = await lockData(data);
    const place = await findPlace(data);
    const isComplete = await exists(join(data, "env"));
    used = await exists(place.data) ? "own" : isComplete ? "outside" : "none";
    await stopLeftover(place);
    await Deno.remove(place.data, { recursive: true }).catch(() => {});
    await removeContent(data);
  }
  // Fails if it holds other things too.
  await Deno.remove(data).catch(() => {});
  return used;
}
