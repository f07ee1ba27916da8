/** What the bundler has made of the functions: kept until a source changes, because making it takes seconds. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exists } from "../files/exists.ts";
import { makeTemporaryFolder } from "../leftovers/temporary_folder.ts";
import { hashFiles } from "./hash_files.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Everything that a function is made of: it imports nothing else. */
const SOURCES = {
  files: ["deno.json", "deno.lock", "import_map.json"],
  folders: ["functions", "shared"],
};

/**
 * Finds a folder that was made of the same sources before, or makes it.
 * @param name Of what is made: a folder of other sources under the same name is removed.
 * @param make Fills the folder; it has the same depth as the one that is returned, for relative paths.
 * @returns The folder, only to be read at once: a command on other sources removes it.
 */
export type KeptBundles = (
  name: string,
  make: (folder: string) => Promise<void>,
) => Promise<string>;

/** So that the folder does not grow. */
async function removeOthers(folder: string, name: string, version: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const [found, ...rest] = entry.name.split(".");
    if (rest.join(".") !== name || found === version) continue;
    await Deno.remove(join(folder, entry.name), { recursive: true }).catch(() => {});
  }
}

/**
 * @param makers Paths of the module that makes the bundles, and of what else it reads.
 * @param root Folder of the sources. @default {the repository}
 */
export async function openKeptBundles(makers: string[], root = ROOT): Promise<KeptBundles> {
  const files = [...SOURCES.files.map((file) => join(root, file)), ...makers];
  const hash = await hashFiles(files, ...SOURCES.folders.map((folder) => join(root, folder)));
  const version = `${Deno.version.deno.replaceAll(".", "-")}-${hash}`;
  const folder = join(root, "node_modules", ".creatorflow-functions");
  return async (name, make) => {
    const kept = join(folder, `${version}.${name}`);
    if (await exists(kept)) return kept;
    await Deno.mkdir(folder, { recursive: true });
    await using temporary = await makeTemporaryFolder(
      ".creatorflow-bundles-",
      join(root, "node_modules"),
    );
    const made = join(temporary.path, name);
    await Deno.mkdir(made);
    await make(made);
    await Deno.rename(made, kept).catch(async (error) => {
      // Another process may have made the same first.
      if (!await exists(kept)) throw error;
    });
    await removeOthers(folder, name, version);
    return kept;
  };
}
