/** The folder of bundles. Its path is a caller's: what we have not written stays. */
import { join, relative } from "node:path";

/** Paths of all that is at a path and is not a folder; none if there is nothing. */
async function listFiles(path: string): Promise<string[]> {
  const info = await Deno.lstat(path).catch(ignoreMissing);
  if (info === undefined) return [];
  if (!info.isDirectory) return [path];
  const entries = await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
  return (await Promise.all(entries.map((name) => listFiles(join(path, name))))).flat();
}

/**
 * Removes `functions/` and `maps/` of a folder, if they have only bundles: files `functions/<name>/<file>.js`
 * with their `maps/<name>/<file>.js.map`. An end between two files leaves a map without its file.
 * @throws {Error} that names a file of others; nothing is removed then.
 */
export async function removeBundles(folder: string): Promise<void> {
  const parts = ["functions", "maps"].map((part) => join(folder, part));
  const files = (await Promise.all(parts.map(listFiles))).flat()
    .map((path) => relative(folder, path).replaceAll("\\", "/"));
  const maps = new Set(files.filter((file) => /^maps\/[^/]+\/[^/]+\.js\.map$/.test(file)));
  const isOurs = (file: string) =>
    maps.has(file) ||
    /^functions\/[^/]+\/[^/]+\.js$/.test(file) &&
      maps.has(`${file.replace("functions", "maps")}.map`);
  const other = files.toSorted().find((file) => !isOurs(file));
  if (other !== undefined) {
    throw new Error(
      `${folder} has ${other}, which is not of a bundle, and nothing was changed: choose another folder.`,
    );
  }
  for (const part of parts) await Deno.remove(part, { recursive: true }).catch(ignoreMissing);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
