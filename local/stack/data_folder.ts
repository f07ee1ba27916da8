/** The folder of a stack's data, keys and logs: only its owner may look into it. */
import { join } from "node:path";
import { exists } from "../files/exists.ts";

const PRIVATE = 0o700;

/** Lets Postgres's own user pass, where root runs the stack; nothing can be listed or read. */
const PASSABLE = 0o711;

/** Folders of files that hold personal data. */
const SUBFOLDERS = ["logs", "mails"];

/** Whether the folder is ours: it may be one that holds other things too, whose rights stay. */
async function isOwn(data: string): Promise<boolean> {
  if (await exists(join(data, "keys.json"))) return true;
  const [first] = await Array.fromAsync(Deno.readDir(data));
  return first === undefined;
}

async function makePrivate(path: string, mode = PRIVATE): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode });
  // The folder may be older than this rule.
  if (Deno.build.os !== "windows") await Deno.chmod(path, mode);
}

/** Makes the folder, or closes one of an earlier start, and keeps its content out of git. */
export async function makeDataFolder(data: string): Promise<void> {
  await Deno.mkdir(data, { recursive: true, mode: PRIVATE });
  const hasCluster = await exists(join(data, "postgres"));
  if (await isOwn(data)) await makePrivate(data, hasCluster && isRoot() ? PASSABLE : PRIVATE);
  for (const name of SUBFOLDERS) await makePrivate(join(data, name));
  await Deno.writeTextFile(join(data, ".gitignore"), "*\n");
}

function isRoot(): boolean {
  return Deno.build.os !== "windows" && Deno.uid() === 0;
}
