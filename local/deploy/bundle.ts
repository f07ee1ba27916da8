/**
 * Bundles: each function as a few files, which are what is uploaded. What is behind `import()` has files of its
 * own: a start does not read them. The lock file pins everything, and the platform resolves no package.
 */
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { FunctionConfig } from "../functions/config.ts";
import { runProgram } from "../leftovers/run_program.ts";
import { makeTemporaryFolder } from "../leftovers/temporary_folder.ts";
import { countBytes, listForCli, readImports, startFiles, type Texts } from "./bundle_files.ts";
import { removeBundles } from "./bundle_folder.ts";
import { openKeptBundles } from "./kept_bundles.ts";

export interface Bundle {
  name: string;
  /** The entry point: `<folder>/functions/<name>/index.js`. Its folder is the upload. */
  path: string;
  /** Names of the files in the folder of `path`. */
  files: string[];
  /** Source maps, outside the upload: `<folder>/maps/<name>/<file>.map`. */
  mapFolder: string;
  /** Size of all files. */
  bytes: number;
  /** Size of those that a start reads. */
  startBytes: number;
}

/** A function cannot be bundled, or its bundle is not fit for the platform. */
export class BundleError extends Error {
  override name = "BundleError";
}

/** The platform may count 5 MB; our bundles have half a megabyte. */
const BUNDLE_LIMIT_BYTES = 1_000_000;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Entry point of a function of the repository. */
const ownEntrypoint = (name: string) =>
  pathToFileURL(join(ROOT, "functions", name, "index.ts")).href;

/** Runs `deno bundle` in the repository. @throws {BundleError} with its message. */
export async function runBundler(args: string[]): Promise<void> {
  const { success, stdout, stderr } = await runProgram(Deno.execPath(), {
    args: ["bundle", "--quiet", "--frozen", "--platform=deno", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  });
  const decoder = new TextDecoder();
  const output = `${decoder.decode(stdout)}${decoder.decode(stderr)}`.trim();
  if (!success) throw new BundleError(`deno bundle failed:\n${output}`);
}

/** @throws {BundleError} that names the function. */
function checkBundle(name: string, texts: Texts, bytes: number): void {
  if (bytes > BUNDLE_LIMIT_BYTES) {
    const size = `${(bytes / 1e6).toFixed(2)} MB`;
    throw new BundleError(`${name}: its bundle has ${size}; the limit is 1 MB.`);
  }
  const imports = Array.from(texts.values(), readImports)
    .flatMap(({ fixed, dynamic }) => [...fixed, ...dynamic])
    .filter((imported) => !texts.has(imported.replace(/^\.\//, "")));
  if (imports.length > 0) {
    throw new BundleError(
      `${name}: its bundle imports what is not uploaded: ${imports.join(", ")}`,
    );
  }
}

/** Text of each file of the upload. */
export async function readUpload({ path, files }: Pick<Bundle, "path" | "files">): Promise<Texts> {
  const entries = files.map(async (file) =>
    [file, await Deno.readTextFile(join(dirname(path), file))] as const
  );
  return new Map(await Promise.all(entries));
}

/** Makes the sources relative to the repository, and leaves out their text. */
function cleanSourceMap(text: string, folder: string): string {
  const { version, sources, names, mappings } = JSON.parse(text) as Record<string, unknown>;
  const paths = (sources as string[])
    .map((source) => relative(ROOT, resolve(folder, source)).replaceAll("\\", "/"));
  return JSON.stringify({ version, sources: paths, names, mappings });
}

/** @param made Receives what the bundler writes. */
async function runBundlerFor({ entrypoint }: FunctionConfig, made: string): Promise<void> {
  await runBundler([
    ...["--minify", "--keep-names", "--code-splitting", "--sourcemap=external"],
    ...["--outdir", made, fileURLToPath(entrypoint)],
  ]);
}

/** @param made What the bundler has written. */
async function writeBundle(name: string, made: string, folder: string): Promise<Bundle> {
  const files = (await Array.fromAsync(Deno.readDir(made), (file) => file.name))
    .filter((file) => file.endsWith(".js")).sort();
  const texts = new Map(await readUpload({ path: join(made, "index.js"), files }));
  texts.set("index.js", `${texts.get("index.js") ?? ""}${listForCli(files)}`);
  const bytes = countBytes(texts);
  checkBundle(name, texts, bytes);
  const upload = join(folder, "functions", name);
  const mapFolder = join(folder, "maps", name);
  await Deno.mkdir(upload, { recursive: true });
  await Deno.mkdir(mapFolder, { recursive: true });
  for (const [file, text] of texts) {
    const map = await Deno.readTextFile(join(made, `${file}.map`));
    // First the map: it is the mark of a file that we have written.
    await Deno.writeTextFile(join(mapFolder, `${file}.map`), cleanSourceMap(map, made));
    await Deno.writeTextFile(join(upload, file), text);
  }
  const startBytes = countBytes(startFiles(texts));
  return { name, path: join(upload, "index.js"), files, mapFolder, bytes, startBytes };
}

/**
 * Bundles functions into a folder, in place of the bundles that are there.
 * @param functions Their entry points are `<folder>/index.ts`.
 * @throws {BundleError}
 * @throws {Error} if `functions/` or `maps/` of the folder has files of others; nothing is changed then.
 */
export async function bundleFunctions(
  functions: FunctionConfig[],
  folder: string,
): Promise<Bundle[]> {
  await removeBundles(folder);
  const kept = await openKeptBundles([import.meta.filename as string]);
  // The names of files are hashes of their maps too, which have paths from here to the sources.
  await using others = await makeTemporaryFolder(
    ".creatorflow-bundles-",
    join(ROOT, "node_modules"),
  );
  const bundles: Bundle[] = [];
  // One by one: functions together would share more and smaller files, which take longer to read.
  for (const one of functions) {
    const run = (made: string) => runBundlerFor(one, made);
    let made = join(others.path, one.name);
    if (one.entrypoint === ownEntrypoint(one.name)) made = await kept(one.name, run);
    else await run(made);
    bundles.push(await writeBundle(one.name, made, folder));
  }
  return bundles;
}
