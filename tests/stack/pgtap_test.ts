/** Every pgTAP file of supabase/tests, the rules for these files, and the order of migrations. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { connectForPgtap, installPgtap, judgeTap, runPgtapFile } from "../support/pgtap.ts";
import { createTestDatabase, type TestDatabase } from "../support/stack.ts";

const FOLDER = new URL("../../supabase/tests/", import.meta.url);
const MIGRATIONS = new URL("../../supabase/migrations/", import.meta.url);

async function listFiles(folder: URL, ending: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), (entry) => entry.name);
  return names.filter((name) => name.endsWith(ending)).sort();
}

const files = await listFiles(FOLDER, ".test.sql");

let database: TestDatabase;
let session: Awaited<ReturnType<typeof connectForPgtap>>;

Deno.test.beforeAll(async () => {
  database = await createTestDatabase();
  await installPgtap(database.url);
  session = await connectForPgtap(database.url);
});

Deno.test.afterAll(async () => {
  await session.end();
  await database.drop();
});

for (const name of files) {
  Deno.test(`pgTAP: ${name}`, async () => {
    await runPgtapFile(session, fileURLToPath(new URL(name, FOLDER)));
  });
}

Deno.test("pgTAP: every file is named after a migration and has at most 250 lines", async () => {
  const domains = (await listFiles(MIGRATIONS, ".sql")).map((name) =>
    name.slice(8, -".sql".length)
  );
  assert.ok(files.length >= 45);
  for (const name of files) {
    const domain = /^(\d{6}_[a-z_]+)(\.[a-z_]+)?\.test\.sql$/.exec(name)?.[1];
    assert.ok(domain !== undefined && domains.includes(domain), `${name}: no such migration`);
    const lines = (await Deno.readTextFile(new URL(name, FOLDER))).split("\n").length - 1;
    assert.ok(lines <= 250, `${name} has ${lines} lines`);
  }
});

/** A migration without comments and texts of comments. */
const codeOf = (sql: string) =>
  sql.replace(/\/\*[^]*?\*\/|--.*/g, "").replace(/^comment on [^']*'(?:[^']|'')*';/gm, "");

Deno.test("a migration uses only functions and tables that were created before", async () => {
  const parts = await Promise.all(
    (await listFiles(MIGRATIONS, ".sql")).map(async (name) =>
      codeOf(await Deno.readTextFile(new URL(name, MIGRATIONS)))
    ),
  );
  const all = parts.join("\n");
  const created = all.matchAll(/^create (?:function|table|materialized view) ([\w.]+)/gm);
  const early = [...created].flatMap(({ 1: name, index }) => {
    const first = all.search(new RegExp(`\\b${name}\\b`.replace(".", "\\.")));
    return first < index ? [`${name} is used before it is created`] : [];
  });
  assert.deepEqual(early, []);
});

Deno.test("pgTAP: a failed test, a wrong plan, an early end and an empty select are failures", async () => {
  const folder = await Deno.makeTempDir();
  const fails = async (body: string, expected: RegExp) => {
    await Deno.writeTextFile(
      `${folder}/a.test.sql`,
      `begin;\nset local search_path = public, extensions;\n${body}\nrollback;`,
    );
    await assert.rejects(runPgtapFile(session, `${folder}/a.test.sql`), expected);
  };
  try {
    await fails("select plan(1); select is(1, 2, 'one'); select * from finish();", /have: 1/);
    await fails("select plan(2); select is(1, 1); select * from finish();", /planned 2 .* ran 1/);
    await fails("select plan(1); select is(1, 1); select is(2, 2);", /planned 1 .* ran 2/);
    await fails("select 'nothing';", /no test ran/);
    await fails("select * from no_plan(); select is(1, 1);", /0 plans instead of one/);
    await fails(
      "do $$ begin perform no_plan(); end $$;\nselect is(1, 1);\n" +
        "select is(n, 1) from generate_series(1, 0) as n;\nselect * from finish();",
      /no row: a select after ok 1/,
    );
    await fails("select plan(1); select is(1, none);", /"none" does not exist, near: none\)/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assert.deepEqual(judgeTap(["1..2", "ok 1 - a", "ok 2"]), []);
  assert.deepEqual(judgeTap(["1..2", "not ok 1 - a", "# why", "ok 2", "# Looks like one failed"]), [
    "not ok 1 - a",
    "# why",
  ]);
});
