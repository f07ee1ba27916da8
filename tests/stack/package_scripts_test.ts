/** package.json: the description's commands for bun and npm. Deno's tasks are what runs. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ROOT } from "../support/pages.ts";
import { readRequestedCommands } from "../support/requested_description.ts";

async function readJson(path: string): Promise<Record<string, Record<string, unknown>>> {
  return JSON.parse(await Deno.readTextFile(new URL(path, ROOT)));
}

async function run(program: string, args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: fileURLToPath(ROOT),
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("package.json has the description's commands and nothing else, each the deno task of its name", async () => {
  const { scripts = {}, ...others } = await readJson("package.json");
  assert.deepEqual(others, {});
  const names = (await readRequestedCommands()).map((command) => command.replace("bun run ", ""));
  assert.deepEqual(Object.keys(scripts), names);
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const [deno] = /npx -y deno@[\d.]+ task/.exec(readme) ?? [];
  const { tasks = {} } = await readJson("deno.json");
  for (const name of names) {
    assert.equal(scripts[name], `${deno} ${name}`);
    assert.ok(Object.hasOwn(tasks, name), name);
  }
});

Deno.test("npm run passes arguments and exit code of the deno task", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // The Deno of this run instead of one that npx fetches: `npx -y deno@2.9.5 task NAME`.
    const npx = `#!/bin/sh\nshift 2\nexec '${Deno.execPath()}' "$@"\n`;
    await Deno.writeTextFile(`${folder}/npx`, npx, { mode: 0o755 });
    const { code, stdout, stderr } = await run("npm", ["run", "migration:new", "Not-Snake"], {
      PATH: `${folder}:${Deno.env.get("PATH")}`,
      NPM_CONFIG_UPDATE_NOTIFIER: "false",
    });
    assert.equal(code, 2, stdout + stderr);
    const text = stdout + stderr;
    assert.match(text, /deno run -A local\/commands\/migration_new\.ts/);
    assert.match(text, /"Not-Snake" is not snake_case/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Deno resolves, bundles and locks a function the same with package.json and without it", async () => {
  const without = { DENO_NO_PACKAGE_JSON: "1" };
  const entry = "functions/health/index.ts";
  const steps = [
    ["info", "--json", "--frozen", entry],
    ["bundle", "--quiet", "--frozen", "--platform=deno", "--minify", "--keep-names", entry],
  ];
  for (const args of steps) {
    const [ours, plain] = await Promise.all([
      run(Deno.execPath(), args),
      run(Deno.execPath(), args, without),
    ]);
    assert.equal(ours.code, 0, ours.stderr);
    assert.ok(ours.stdout.length > 10_000);
    assert.equal(ours.stdout, plain.stdout, args[0]);
  }
  // Deno would take the dependencies of a package.json into its lock file.
  assert.deepEqual(Object.keys((await readJson("deno.lock")).workspace ?? {}), ["dependencies"]);
  const { nodeModulesDir } = await readJson("deno.json");
  assert.equal(nodeModulesDir, "auto", "with a package.json, Deno's default is manual");
});
