/** Generated files are up to date, and the rules of the repository hold for every file. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { generateTypes } from "../../local/supabase/generate_types.ts";
import type { Command } from "../../local/cli/command.ts";
import { readFunctionConfig } from "../../local/functions/config.ts";
import { takeSchemaSnapshot } from "../../local/supabase/schema_snapshot.ts";
import { runSupabaseCli } from "../../local/supabase/cli.ts";
import { findCircles, parseImports, readImports } from "../support/imports.ts";

const ROOT = new URL("../..", import.meta.url);

async function* sourceFiles(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) yield* sourceFiles(`${path}/`);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

function databaseUrl(): string {
  const url = Deno.env.get("TEST_DATABASE_URL");
  assert.ok(url, "run the tests with `deno task test`");
  return url;
}

Deno.test("supabase/tests/schema.snapshot.sql matches the migrations (else: deno task schema:snapshot)", async () => {
  const committed = await Deno.readTextFile(new URL("supabase/tests/schema.snapshot.sql", ROOT));
  assert.equal(await takeSchemaSnapshot(databaseUrl()), committed);
});

Deno.test("supabase/advisors.json explains every finding of supabase db advisors", async () => {
  const explained = JSON.parse(
    await Deno.readTextFile(new URL("supabase/advisors.json", ROOT)),
  ) as Record<string, string>;
  const output = await runSupabaseCli([
    "db",
    "advisors",
    ...["--level", "info", "--fail-on", "none", "--output-format", "json"],
  ], { databaseUrl: databaseUrl() });
  const { results } = JSON.parse(output) as {
    results: { name: string; cacheKey: string; detail: string }[];
  };
  const keyOf = (finding: { name: string; cacheKey: string }) =>
    finding.name in explained ? finding.name : finding.cacheKey;
  const unexplained = results.filter((finding) => !(keyOf(finding) in explained));
  assert.deepEqual(unexplained.map((finding) => `${finding.cacheKey}: ${finding.detail}`), []);
  // An explanation without a finding has to be deleted.
  assert.deepEqual(new Set(results.map(keyOf)), new Set(Object.keys(explained)));
});

Deno.test("shared/database/types.ts matches the migrations (else: deno task generate-types)", async () => {
  const committed = await Deno.readTextFile(new URL("shared/database/types.ts", ROOT));
  assert.equal(await generateTypes(databaseUrl()), committed);
});

/** Folders that a file of each folder may import from. A `*_test.ts` counts as a file of tests/. */
const ALLOWED: Record<string, string[]> = {
  functions: ["shared"],
  shared: ["shared"],
  local: ["local", "shared"],
  bench: ["bench", "local", "shared"],
  tests: ["tests", "local", "functions", "shared", "client"],
};

/** e.g. `functions/billing`: a function may import its own files. */
function functionOf(path: string): string | undefined {
  return /^functions\/[^/]+\//.exec(path)?.[0];
}

function isAllowed(path: string, target: string): boolean {
  const folder = path.endsWith("_test.ts") ? "tests" : path.split("/")[0] ?? "";
  const [targetFolder = ""] = target.split("/");
  if (ALLOWED[folder]?.includes(targetFolder)) return true;
  return folder === "functions" && functionOf(path) === functionOf(target);
}

Deno.test("imports run one way: tests, bench -> local -> shared; functions -> shared", async () => {
  const forbidden: string[] = [];
  for (const [path, targets] of await readImports()) {
    for (const target of targets) {
      if (!isAllowed(path, target)) forbidden.push(`${path} -> ${target}`);
    }
  }
  assert.deepEqual(forbidden, []);
});

Deno.test("the rule of the imports refuses the wrong ways", () => {
  const refused = [
    ["shared/log.ts", "functions/billing/index.ts"],
    ["shared/log.ts", "local/cli/console.ts"],
    ["shared/log.ts", "tests/support/until.ts"],
    ["functions/billing/index.ts", "functions/shipments/bodies.ts"],
    ["functions/billing/index.ts", "local/cli/console.ts"],
    ["local/cli/console.ts", "tests/support/until.ts"],
    ["local/cli/console.ts", "functions/billing/index.ts"],
    ["bench/burst.ts", "tests/support/until.ts"],
    ["tests/stack/demo_test.ts", "bench/burst.ts"],
  ] as const;
  for (const [path, target] of refused) assert.equal(isAllowed(path, target), false, path);
  assert.ok(isAllowed("shared/log_test.ts", "tests/support/until.ts"));
  assert.ok(isAllowed("functions/billing/index.ts", "functions/billing/bodies.ts"));
});

Deno.test("no file imports itself through others, type imports included", async () => {
  assert.deepEqual(findCircles(await readImports()), []);
});

Deno.test("circles are found in every form of import, and named from their first file on", () => {
  const sources = {
    "a/one.ts": 'import { two } from "./two.ts";',
    "a/two.ts": 'import type {\n  Three,\n} from "../b/three.ts";',
    "b/three.ts": 'export const load = () => import("../a/one.ts");',
    "b/four.ts": 'import "./three.ts";\nexport * from "./five.ts";',
    "b/five.ts": 'import { z } from "zod";',
  };
  const imports = new Map(
    Object.entries(sources).map(([path, source]) => [path, parseImports(path, source)]),
  );
  assert.deepEqual(imports.get("b/four.ts"), ["b/three.ts", "b/five.ts"]);
  assert.deepEqual(findCircles(imports), ["a/one.ts -> a/two.ts -> b/three.ts -> a/one.ts"]);
});

/** Files that are a command of a deno task, and the names of those tasks. */
async function readTasks(): Promise<Map<string, string[]>> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))) as {
    tasks: Record<string, string | { command: string }>;
  };
  const files = new Map<string, string[]>();
  for (const [name, task] of Object.entries(tasks)) {
    const { command } = typeof task === "string" ? { command: task } : task;
    const [path] = /\S+\.ts/.exec(command) ?? [];
    if (path !== undefined) files.set(path, [...files.get(path) ?? [], name]);
  }
  return files;
}

const isNoTest = (path: string) => !path.endsWith("_test.ts");

Deno.test("local/commands has one file for each deno task, in the frame of local/cli", async () => {
  const tasks = await readTasks();
  const files = (await Array.fromAsync(sourceFiles("local/commands/"))).filter(isNoTest);
  assert.deepEqual(files.sort(), [...tasks.keys()].filter((p) => p.startsWith("local/")).sort());
  for (const path of [...files, "tests/chaos/chaos.ts"]) {
    const { default: definition } = await import(new URL(path, ROOT).href) as { default: Command };
    assert.deepEqual(tasks.get(path), [definition.name], path);
    const source = await Deno.readTextFile(new URL(path, ROOT));
    assert.doesNotMatch(source, /parseArgs|Deno\.(args|exit)/, path);
  }
});

Deno.test("the help of every command has its usage, and names every option", async () => {
  for await (const path of sourceFiles("local/commands/")) {
    if (!isNoTest(path)) continue;
    const { default: definition } = await import(new URL(path, ROOT).href) as { default: Command };
    const { name, help } = definition;
    assert.match(help, new RegExp(`\\n\\n  npx -y deno@2\\.9\\.5 task ${name}`), path);
    for (const line of help.split("\n")) assert.ok(line.length <= 110, line);
    if ("parse" in definition) continue;
    for (const option of Object.keys(definition.options ?? {})) {
      assert.ok(help.includes(`--${option}`), `${path}: --${option}`);
    }
    for (const positional of definition.positionals ?? []) {
      assert.ok(help.includes(positional), `${path}: ${positional}`);
    }
  }
});

Deno.test('a schema\'s own message is a noun, which follows "expected"', async () => {
  const ownMessage = /\b(?:regex|refine)\((?:[^;"]|"(?!must\b))*?,\s*"must\b[^"]*"/g;
  assert.match('z.regex(/^x$/, "must be x")', ownMessage);
  for (const folder of ["functions/", "shared/", "local/"]) {
    for await (const path of sourceFiles(folder)) {
      const source = await Deno.readTextFile(new URL(path, ROOT));
      assert.deepEqual(source.match(ownMessage) ?? [], [], path);
    }
  }
});

Deno.test("only shared/config.ts reads the environment, and only shared/database makes a client", async () => {
  for (const folder of ["functions/", "shared/"]) {
    for await (const path of sourceFiles(folder)) {
      if (path.endsWith("_test.ts")) continue;
      const source = await Deno.readTextFile(new URL(path, ROOT));
      if (path !== "shared/config.ts") assert.doesNotMatch(source, /Deno\.env/, path);
      if (path !== "shared/logging/write_line.ts") {
        assert.doesNotMatch(source, /\bconsole\b/, path);
      }
      if (path !== "shared/database/client.ts") assert.doesNotMatch(source, /createClient\b/, path);
    }
  }
});

Deno.test("every error class of the functions sets its name, which no minifier can change", async () => {
  for (const folder of ["functions/", "shared/"]) {
    for await (const path of sourceFiles(folder)) {
      const source = await Deno.readTextFile(new URL(path, ROOT));
      for (
        const [, name, body] of source.matchAll(
          /class (\w+) extends \w*(?:Error|Problem) \{([^]*?)\n\}/g,
        )
      ) {
        assert.ok(body?.includes(`override name = "${name}";`), `${path}: ${name}`);
      }
    }
  }
});

Deno.test("errors reach logs and rows by errorText only, and our own classes are loggable", async () => {
  for (const folder of ["functions/", "shared/"]) {
    for await (const path of sourceFiles(folder)) {
      const source = await Deno.readTextFile(new URL(path, ROOT));
      const own = source.replace(/class (LoggableError|Problem) extends Error/g, "");
      assert.doesNotMatch(own, /extends Error\b/, path);
      assert.doesNotMatch(own, /\b(?:p_)?error: \w+\.message\b/, path);
    }
  }
});

Deno.test("no file's path is the pathname of its URL, in which a blank is %20", async () => {
  for (const folder of ["functions/", "shared/", "local/", "tests/", "bench/"]) {
    for await (const path of sourceFiles(folder)) {
      const source = await Deno.readTextFile(new URL(path, ROOT));
      assert.doesNotMatch(source, /\b(ROOT|FOLDER|import\.meta\.url)\)\.pathname/, path);
    }
  }
});

Deno.test("functions and shared make their schemas with zod/mini, which starts sooner than zod", async () => {
  for (const folder of ["functions/", "shared/"]) {
    for await (const path of sourceFiles(folder)) {
      const source = await Deno.readTextFile(new URL(path, ROOT));
      assert.doesNotMatch(source, /from "zod"/, path);
      // It has a bundle keep all of Zod's helpers: withFallback of shared/values/schemas.ts does not.
      assert.doesNotMatch(source, /\bz\.catch\(/, path);
    }
  }
});

Deno.test("every function folder is in config.toml, and every entry point exists", async () => {
  const path = fileURLToPath(new URL("supabase/config.toml", ROOT));
  const configured = await readFunctionConfig(path);
  const folders = await Array.fromAsync(Deno.readDir(new URL("functions/", ROOT)));
  assert.deepEqual(
    configured.map((entry) => entry.name).sort(),
    folders.map((entry) => entry.name).sort(),
  );
  for (const { entrypoint } of configured) assert.ok((await Deno.stat(new URL(entrypoint))).isFile);
});
