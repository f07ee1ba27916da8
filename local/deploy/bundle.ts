/**
 * Bundles: each function as one file, which is what is uploaded. The lock file pins everything in it, and
 * the platform resolves no package.
 */
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { FunctionConfig } from "../functions/config.ts";
import { runProgram } from "../leftovers/run_program.ts";

export interface Bundle {
  name: string;
  /** The upload: `<folder>/functions/<name>/index.js`. */
  path: string;
  /** Its source map, outside the upload: `<folder>/maps/<name>.js.map`. */
  mapPath: string;
  bytes: number;
}

/** A function cannot be bundled, or its bundle is not fit for the platform. */
export class BundleError extends Error {
  override name = "BundleError";
}

/** The platform may count 5 MB; our bundles have half a megabyte. */
export const BUNDLE_LIMIT_BYTES = 1_000_000;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

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

/** Imports of a minified bundle that its upload does not contain, other than the runtime's own modules. */
export function foreignImports(code: string): string[] {
  const fixed = /(?<=^|[;})\n])import(?:[\w$*{}\s,]*\bfrom)?\s*"(?!node:)([^"]+)"/g;
  const dynamic = /(?<![.\w$`])import\((?!"node:)([^)]{0,60})/g;
  return [fixed, dynamic].flatMap((form) =>
    Array.from(code.matchAll(form), ([, found]) => found ?? "")
  );
}

/** @throws {BundleError} that names the function. */
function checkBundle(name: string, code: Uint8Array<ArrayBuffer>): void {
  if (code.length > BUNDLE_LIMIT_BYTES) {
    const size = `${(code.length / 1e6).toFixed(2)} MB`;
    throw new BundleError(`${name}: its bundle has ${size}; the limit is 1 MB.`);
  }
  const imports = foreignImports(new TextDecoder().decode(code));
  if (imports.length > 0) {
    throw new BundleError(
      `${name}: its bundle imports what is not uploaded: ${imports.join(", ")}`,
    );
  }
}

/** Makes the sources relative to the repository, and leaves out their text. */
function cleanSourceMap(text: string, folder: string): string {
  const { version, sources, names, mappings } = JSON.parse(text) as Record<string, unknown>;
  const paths = (sources as string[])
    .map((source) => relative(ROOT, resolve(folder, source)).replaceAll("\\", "/"));
  return JSON.stringify({ version, sources: paths, names, mappings });
}

/**
 * Bundles functions into a folder, which it empties first.
 * @param functions Their entry points are `<one folder>/<name>/index.ts`.
 * @throws {BundleError}
 */
export async function bundleFunctions(
  functions: FunctionConfig[],
  folder: string,
): Promise<Bundle[]> {
  const uploads = join(folder, "functions");
  const maps = join(folder, "maps");
  for (const part of [uploads, maps]) {
    await Deno.remove(part, { recursive: true }).catch(() => {});
    await Deno.mkdir(part, { recursive: true });
  }
  const entrypoints = functions.map(({ entrypoint }) => fileURLToPath(entrypoint));
  // The bundler repeats the folders below the deepest that all entry points share.
  const [only] = entrypoints;
  const output = entrypoints.length === 1
    ? join(uploads, basename(dirname(only as string)))
    : uploads;
  await runBundler([
    ...["--minify", "--keep-names", "--sourcemap=external", "--outdir", resolve(output)],
    ...entrypoints,
  ]);
  const bundles = await Promise.all(functions.map(async ({ name }, index) => {
    const path = join(uploads, basename(dirname(entrypoints[index] as string)), "index.js");
    return { name, path, code: await Deno.readFile(path) };
  }));
  for (const { name, code } of bundles) checkBundle(name, code);
  return await Promise.all(bundles.map(async ({ name, path, code }) => {
    const mapPath = join(maps, `${name}.js.map`);
    const map = await Deno.readTextFile(`${path}.map`);
    await Deno.writeTextFile(mapPath, cleanSourceMap(map, dirname(resolve(path))));
    await Deno.remove(`${path}.map`);
    return { name, path, mapPath, bytes: code.length };
  }));
}
