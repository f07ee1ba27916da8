/** The unit tests of the functions' code as one module for the Deno of the hosted functions. */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runBundler } from "../../local/deploy/bundle.ts";
import { hostedDeno } from "../../local/deploy/hosted_deno.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NAMING = pathToFileURL(join(import.meta.dirname as string, "name_tests.ts")).href;

/** Folders that unit tests read, relative to the folder of the source that reads them. */
const READ_FOLDERS: Record<string, string> = {
  "../../docs": "docs",
  "../../shared": "shared",
  "../../functions": "functions",
  "../../../tests": "tests",
  "../fixtures": "tests/fixtures",
};

/** Modules are evaluated in the order of their imports: before each file, one that names it. */
async function writeEntry(files: string[], folder: string): Promise<string> {
  const imports = await Promise.all(files.map(async (file, index) => {
    const name = `name_${index}.ts`;
    const code = `import { nameTests } from "${NAMING}";\nnameTests(${JSON.stringify(file)});\n`;
    await Deno.writeTextFile(join(folder, name), code);
    return `import "./${name}";\nimport "${pathToFileURL(join(ROOT, file)).href}";\n`;
  }));
  const entry = join(folder, "unit_tests.ts");
  await Deno.writeTextFile(entry, imports.join(""));
  return entry;
}

/**
 * Bundles the files and their imports, because that version understands neither our deno.json nor our lock
 * file. Returns the path of the module.
 */
async function bundleTests(files: string[], folder: string): Promise<string> {
  const output = join(folder, "of", "the", "tests");
  await Deno.mkdir(output, { recursive: true });
  for (const [path, target] of Object.entries(READ_FOLDERS)) {
    await Deno.symlink(join(ROOT, target), join(output, path));
  }
  await runBundler(["--outdir", output, await writeEntry(files, folder)]);
  return join(output, "unit_tests.js");
}

/** The program that runs the files' tests, and its arguments. @param folder A folder of its own. */
export async function hostedUnitTests(
  files: string[],
  folder: string,
  args: string[],
): Promise<[program: string, args: string[]]> {
  const [binary, bundle] = await Promise.all([hostedDeno(), bundleTests(files, folder)]);
  const options = ["--allow-all", "--no-config", "--no-lock", "--no-npm", "--no-remote"];
  return [binary, ["test", ...options, "--no-check", ...args, bundle]];
}
