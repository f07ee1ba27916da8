/** What is generated is up to date, and the house's rules hold for every file. */
import assert from "node:assert/strict";
import { generateTypes } from "../../local/supabase/generate_types.ts";
import { readFunctionConfig } from "../../local/functions/config.ts";
import { takeSchemaSnapshot } from "../../local/supabase/schema_snapshot.ts";
import { remoteFlag, runSupabaseCli } from "../../local/supabase/cli.ts";

const ROOT = new URL("../..", import.meta.url);

async function* sourceFiles(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) yield* sourceFiles(`${path}/`);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

function databaseUrl(): string {
  const url = Deno.env.get("TEST_DATABASE_URL");
  assert.ok(url, "run the tests with `deno task test`");
  return url;
}

Deno.test("supabase/tests/schema.snapshot.sql is what the migrations give (else: deno task schema:snapshot)", async () => {
  const committed = await Deno.readTextFile(new URL("supabase/tests/schema.snapshot.sql", ROOT));
  assert.equal(await takeSchemaSnapshot(databaseUrl()), committed);
});

Deno.test("supabase db advisors finds nothing that supabase/advisors.json does not explain", async () => {
  const explained = JSON.parse(
    await Deno.readTextFile(new URL("supabase/advisors.json", ROOT)),
  ) as Record<string, string>;
  const output = await runSupabaseCli([
    "db",
    "advisors",
    remoteFlag(databaseUrl()),
    ...["--level", "info", "--fail-on", "none", "--output-format", "json"],
  ]);
  const { results } = JSON.parse(output) as {
    results: { name: string; cacheKey: string; detail: string }[];
  };
  const keyOf = (finding: { name: string; cacheKey: string }) =>
    finding.name in explained ? finding.name : finding.cacheKey;
  const unexplained = results.filter((finding) => !(keyOf(finding) in explained));
  assert.deepEqual(unexplained.map((finding) => `${finding.cacheKey}: ${finding.detail}`), []);
  // An explanation that explains nothing any more goes.
  assert.deepEqual(new Set(results.map(keyOf)), new Set(Object.keys(explained)));
});

Deno.test("shared/database/types.ts is what the migrations give (else: deno task generate-types)", async () => {
  const committed = await Deno.readTextFile(new URL("shared/database/types.ts", ROOT));
  assert.equal(await generateTypes(databaseUrl()), committed);
});

Deno.test("arrows run one way: functions -> shared -> nothing of ours", async () => {
  const imports = async (path: string) => {
    const source = await Deno.readTextFile(new URL(path, ROOT));
    return [...source.matchAll(/from "(\.[^"]+)"/g)].map((match) =>
      new URL(match[1] as string, new URL(path, "file:///")).pathname.slice(1)
    );
  };
  // Unit tests stand beside the sources, and on the tests' own helpers.
  const isHelped = (path: string, target: string) =>
    path.endsWith("_test.ts") && target.startsWith("tests/");
  for await (const path of sourceFiles("functions/")) {
    const own = path.split("/").slice(0, 2).join("/");
    for (const target of await imports(path)) {
      assert.ok(
        target.startsWith("shared/") || target.startsWith(`${own}/`) || isHelped(path, target),
        `${path} -> ${target}`,
      );
    }
  }
  for await (const path of sourceFiles("shared/")) {
    for (const target of await imports(path)) {
      assert.ok(target.startsWith("shared/") || isHelped(path, target), `${path} -> ${target}`);
    }
  }
});

Deno.test("only shared/config.ts reads the environment, and only shared/database makes a client", async () => {
  for (const folder of ["functions/", "shared/"]) {
    for await (const path of sourceFiles(folder)) {
      if (path.endsWith("_test.ts")) continue;
      const source = await Deno.readTextFile(new URL(path, ROOT));
      if (path !== "shared/config.ts") assert.doesNotMatch(source, /Deno\.env/, path);
      if (path !== "shared/log.ts") assert.doesNotMatch(source, /\bconsole\b/, path);
      if (path !== "shared/database/client.ts") assert.doesNotMatch(source, /createClient\b/, path);
    }
  }
});

Deno.test("every function folder is in config.toml, and every entry point is there", async () => {
  const path = new URL("supabase/config.toml", ROOT).pathname;
  const configured = await readFunctionConfig(path);
  const folders = await Array.fromAsync(Deno.readDir(new URL("functions/", ROOT)));
  assert.deepEqual(
    configured.map((entry) => entry.name).sort(),
    folders.map((entry) => entry.name).sort(),
  );
  for (const { entrypoint } of configured) assert.ok((await Deno.stat(new URL(entrypoint))).isFile);
});
