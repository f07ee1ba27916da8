/** Packs client/ for npm: JavaScript and declarations in place of its TypeScript, which Node does not run. */
import { basename, join } from "node:path";
import { runProgram } from "../leftovers/run_program.ts";
import { makeTemporaryFolder } from "../leftovers/temporary_folder.ts";

const ROOT = new URL("../../", import.meta.url);
const CLIENT = new URL("client/", ROOT);
const NPM = Deno.build.os === "windows" ? "npm.cmd" : "npm";

/** What the package exports; in this repository it is the source. */
const EXPORTS = { ".": { types: "./src/index.d.ts", default: "./src/index.js" } };

interface PackageFile {
  name: string;
  version: string;
}

/** The package could not be made; the message has the program's report. */
export class PackError extends Error {
  override name = "PackError";
}

/** Returns the last line that the program prints. @throws {PackError} */
async function run(program: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await runProgram(program, {
    args,
    cwd,
    env: { NO_COLOR: "1", NPM_CONFIG_UPDATE_NOTIFIER: "false" },
  });
  const [output, report] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  if (!success) throw new PackError(`${basename(program)} ${args[0]} failed:\n${report}`);
  return output?.split("\n").at(-1) ?? "";
}

async function copyFolder(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(new URL(`${name}/`, from), join(to, name));
    else await Deno.copyFile(new URL(name, from), join(to, name));
  }
}

const readJson = async (url: URL) => JSON.parse(await Deno.readTextFile(url));

/** Writes package/src with .js and .d.ts files into `folder`. */
async function compileSource(folder: string, { name, version }: PackageFile): Promise<void> {
  const { imports } = await readJson(new URL("import_map.json", ROOT));
  await copyFolder(new URL("src/", CLIENT), join(folder, "src"));
  await Deno.writeTextFile(
    join(folder, "deno.json"),
    JSON.stringify({ name, version, exports: "./src/index.ts", imports }),
  );
  const archive = join(folder, "compiled.tgz");
  const args = ["pack", "--quiet", "--allow-dirty", "--no-source-maps", "--output", archive];
  await run(Deno.execPath(), args, folder);
  await run("tar", ["-xzf", archive], folder);
}

/** Returns the absolute path of the archive in `out`. @throws {PackError} */
export async function packClient(out: string): Promise<string> {
  const manifest: PackageFile = await readJson(new URL("package.json", CLIENT));
  await using folder = await makeTemporaryFolder("creatorflow-client-");
  await compileSource(folder.path, manifest);
  const packed = join(folder.path, "package");
  await Deno.writeTextFile(
    join(packed, "package.json"),
    JSON.stringify({ ...manifest, exports: EXPORTS }, null, 2),
  );
  await Deno.copyFile(new URL("README.md", CLIENT), join(packed, "README.md"));
  await Deno.mkdir(out, { recursive: true });
  const destination = await Deno.realPath(out);
  const name = await run(NPM, ["pack", "--silent", "--pack-destination", destination], packed);
  return join(destination, name);
}
