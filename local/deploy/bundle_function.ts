/** Bundles a function into the one file that is uploaded. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Bundle {
  path: string;
  bytes: number;
}

/**
 * Bundles `functions/<name>/index.ts` with everything that it imports.
 * @param folder Receives `<name>/index.js`. @throws {Error} with the bundler's message.
 */
export async function bundleFunction(name: string, folder: string): Promise<Bundle> {
  const path = join(folder, name, "index.js");
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--minify", "--frozen", "--platform=deno"],
      ...["--output", path, join("functions", name, "index.ts")],
    ],
    cwd: ROOT,
    stdin: "null",
  }).output();
  if (!success) {
    throw new Error(`${name} could not be bundled:\n${new TextDecoder().decode(stderr).trim()}`);
  }
  return { path, bytes: (await Deno.stat(path)).size };
}
