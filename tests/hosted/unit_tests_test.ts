/** The unit tests of the functions' code also pass on the Deno of the hosted functions. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runBundler } from "../../local/deploy/bundle.ts";
import { HOSTED_DENO, hostedDeno } from "../../local/deploy/hosted_deno.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

async function* findUnitTests(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* findUnitTests(path);
    else if (entry.name.endsWith("_test.ts")) yield path;
  }
}

/** Folders that unit tests read, relative to the folder of the source that reads them. */
const READ_FOLDERS: Record<string, string> = {
  "../../docs": "docs",
  "../../shared": "shared",
  "../../functions": "functions",
  "../../../tests": "tests",
  "../fixtures": "tests/fixtures",
};

/**
 * Bundles unit tests and their imports into one file, because that version understands neither our
 * deno.json nor our lock file. Returns its path.
 */
async function bundleTests(paths: string[], folder: string): Promise<string> {
  const entry = join(folder, "unit_tests.ts");
  const imports = paths.map((path) => `import "${pathToFileURL(path).href}";\n`);
  await Deno.writeTextFile(entry, imports.join(""));
  const output = join(folder, "of", "the", "tests");
  await Deno.mkdir(output, { recursive: true });
  for (const [path, target] of Object.entries(READ_FOLDERS)) {
    await Deno.symlink(join(ROOT, target), join(output, path));
  }
  await runBundler(["--outdir", output, entry]);
  return join(output, "unit_tests.js");
}

Deno.test(`the unit tests of shared/ and functions/ pass under Deno ${HOSTED_DENO}`, async () => {
  const paths = (await Promise.all(
    ["shared", "functions"].map((name) => Array.fromAsync(findUnitTests(join(ROOT, name)))),
  )).flat();
  const folder = await Deno.makeTempDir({ prefix: "creatorflow-unit-" });
  try {
    const [binary, bundle] = await Promise.all([hostedDeno(), bundleTests(paths, folder)]);
    const { success, stdout, stderr } = await new Deno.Command(binary, {
      args: [
        ...["test", "--allow-all", "--no-config", "--no-lock", "--no-npm", "--no-remote"],
        ...["--no-check", bundle],
      ],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const output = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
    const [, failures = output] = output.split(" ERRORS \n");
    assert.ok(success, failures.slice(0, 20_000));
    const passed = Number(/^ok \| (\d+) passed/m.exec(output)?.[1]);
    assert.ok(passed > paths.length, `only ${passed} tests ran`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
