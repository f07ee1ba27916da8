/** The typed client as an npm package: what `deno task client:pack` makes, as Node and a compiler find it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeTemporaryFolder } from "../../local/leftovers/temporary_folder.ts";
import { packClient } from "../../local/npm/pack_client.ts";

const ROOT = new URL("../../", import.meta.url);
const readJson = async (path: string | URL) => JSON.parse(await Deno.readTextFile(path));

async function run(program: string, args: string[], cwd: string): Promise<string> {
  const options = { args, cwd, stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const { success, stdout, stderr } = await new Deno.Command(program, options).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

/** Unpacks the package into a project's node_modules, next to what it depends on. */
async function installPackage(project: string): Promise<string> {
  const archive = await packClient(project);
  const installed = join(project, "node_modules/@creatorflow/client");
  await Deno.mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", archive, "--strip-components=1", "-C", installed], project);
  for (const name of ["@supabase", "openapi-fetch"]) {
    const path = fileURLToPath(new URL(`node_modules/${name}`, ROOT));
    await Deno.symlink(path, join(project, "node_modules", name));
  }
  return installed;
}

async function listFiles(folder: string, inside = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(folder, inside))) {
    const path = join(inside, name);
    if (isDirectory) files.push(...await listFiles(folder, path));
    else files.push(path);
  }
  return files;
}

Deno.test("the packed client runs in Node: JavaScript with declarations, and no TypeScript", async () => {
  await using folder = await makeTemporaryFolder("creatorflow-package-");
  const installed = await installPackage(folder.path);
  const files = await listFiles(installed);
  for (const name of ["README.md", "src/index.js", "src/index.d.ts"]) {
    assert.ok(files.includes(name), name);
  }
  assert.deepEqual(files.filter((name) => /(?<!\.d)\.ts$/.test(name)), []);
  for (const name of files.filter((name) => /\.(js|d\.ts)$/.test(name))) {
    const source = await Deno.readTextFile(join(installed, name));
    assert.doesNotMatch(source, /\bDeno\b|"node:|from "\.[^"]*\.ts"/, name);
  }
  const manifest = await readJson(join(installed, "package.json"));
  assert.deepEqual(manifest.exports, {
    ".": { types: "./src/index.d.ts", default: "./src/index.js" },
  });
  const program = `import * as client from "@creatorflow/client"; console.log(Object.keys(client))`;
  const names = await run("node", ["--input-type=module", "-e", program], folder.path);
  assert.equal(names, "[ 'createApi', 'createCreatorFlow' ]");
});

Deno.test("the client's ranges begin with the versions that the tests use", async () => {
  const { dependencies, peerDependencies } = await readJson(new URL("client/package.json", ROOT));
  const { imports } = await readJson(new URL("import_map.json", ROOT));
  for (const [name, range] of Object.entries({ ...dependencies, ...peerDependencies })) {
    assert.equal(`npm:${name}@${String(range).replace("^", "")}`, imports[name]);
  }
});
