/** A folder in memory for the databases of a test run: each copy of one makes and removes a thousand files. */
import { statfs } from "node:fs/promises";

const FOLDER = "/dev/shm";
/** What Linux calls a file system in memory. */
const TMPFS = 0x01021994;
/** The databases that exist at once, with their log. */
const NEEDED_BYTES = 2e9;

/** `undefined` on a system without it, with too little of it, or where TMPDIR names another folder. */
export async function findMemoryFolder(): Promise<string | undefined> {
  if (Deno.env.get("TMPDIR")) return undefined;
  const found = await statfs(FOLDER).catch(() => undefined);
  if (found?.type !== TMPFS || found.bavail * found.bsize < NEEDED_BYTES) return undefined;
  return FOLDER;
}
