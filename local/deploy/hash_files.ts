/** A version that changes with the content of files. */
import { createHash } from "node:crypto";
import { join } from "node:path";

/** Files of a folder and the folders below it, in a fixed order. */
export async function listFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) found.push(...await listFiles(path));
    else found.push(path);
  }
  return found.sort();
}

/** @param folders Every file in them counts, its name too. */
export async function hashFiles(files: string[], ...folders: string[]): Promise<string> {
  const paths = [...files, ...(await Promise.all(folders.map(listFiles))).flat()];
  const hash = createHash("sha256");
  for (const path of paths) hash.update(path).update("\0").update(await Deno.readFile(path));
  return hash.digest("hex").slice(0, 16);
}
