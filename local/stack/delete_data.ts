/** Deletes the data of a stack. */
import { join } from "node:path";
import { findPlace, hasCluster } from "../postgres/binaries.ts";
import { stopLeftover } from "../postgres/server.ts";
import { lockData } from "./lock.ts";

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
    for (const name of CONTENT) {
      await Deno.remove(join(data, name), { recursive: true }).catch(() => {});
    }
  }
  // Fails if it holds other things too.
  await Deno.remove(data).catch(() => {});
  return { keptPostgres };
}
