/** The console's script, bundled for browsers when it is first requested. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram } from "../leftovers/run_program.ts";
import { hashFiles, stampFiles } from "../deploy/hash_files.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CONSOLE = fileURLToPath(new URL(".", import.meta.url));

/** Not next to the data: a new data folder needs no new bundle. */
const CACHE = join(ROOT, "node_modules", ".creatorflow-console");

export interface ClientBundle {
  /** Changes with the content. */
  version: string;
  code: Uint8Array<ArrayBuffer>;
}

/** The script cannot be bundled. */
export class ConsoleBundleError extends Error {
  override name = "ConsoleBundleError";
}

/** Everything that the script is made of; what it imports from elsewhere are types. */
const FILES = ["deno.lock", "import_map.json"].map((name) => join(ROOT, name));
const FOLDER = join(CONSOLE, "client");

/** @throws {ConsoleBundleError} with the bundler's message. */
async function bundleInto(path: string): Promise<void> {
  const { success, stdout, stderr } = await runProgram(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--frozen", "--platform=browser", "--minify", "--keep-names"],
      ...["--output", path, join(CONSOLE, "client", "main.tsx")],
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  });
  if (success) return;
  const decoder = new TextDecoder();
  throw new ConsoleBundleError(
    `deno bundle failed:\n${decoder.decode(stdout)}${decoder.decode(stderr)}`,
  );
}

/** Removes what other versions left, so that the folder does not grow. */
async function removeOthers(version: string): Promise<void> {
  for await (const { name } of Deno.readDir(CACHE)) {
    if (name.startsWith(version)) continue;
    await Deno.remove(join(CACHE, name)).catch(() => {});
  }
}

/** Bundles that are being made now, by version: several requests share one. */
const running = new Map<string, Promise<ClientBundle>>();

async function makeBundle(version: string): Promise<ClientBundle> {
  const path = join(CACHE, `${version}.js`);
  const cached = await Deno.readFile(path).catch(() => undefined);
  if (cached) return { version, code: cached };
  await Deno.mkdir(CACHE, { recursive: true });
  // Another process may bundle the same: each writes its own file, and a rename is whole or nothing.
  const temporary = join(CACHE, `${version}.${crypto.randomUUID()}.js`);
  await bundleInto(temporary);
  await Deno.rename(temporary, path);
  await removeOthers(version);
  return { version, code: await Deno.readFile(path) };
}

/** The newest bundle, with the stamp that its files had. */
let kept: { stamp: string; bundle: ClientBundle } | undefined;

/** @throws {ConsoleBundleError} */
export async function bundleClient(): Promise<ClientBundle> {
  // Before the files are read: a change meanwhile has another stamp.
  const stamp = stampFiles(FILES, FOLDER);
  if (kept?.stamp === stamp) return kept.bundle;
  const version = await hashFiles(FILES, FOLDER);
  const promise = running.get(version) ??
    makeBundle(version).finally(() => running.delete(version));
  running.set(version, promise);
  const bundle = await promise;
  kept = { stamp, bundle };
  return bundle;
}
