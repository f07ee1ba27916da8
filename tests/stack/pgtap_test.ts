/** Every pgTAP file of supabase/tests, and that a file which proves nothing is no success. */
import assert from "node:assert/strict";
import { installPgtap, judgeTap, runPgtapFile } from "../support/pgtap.ts";
import { createTestDatabase, type TestDatabase } from "../support/stack.ts";

const FOLDER = new URL("../../supabase/tests/", import.meta.url);

const files = (await Array.fromAsync(Deno.readDir(FOLDER), (entry) => entry.name))
  .filter((name) => name.endsWith(".sql")).sort();

let database: TestDatabase;

Deno.test.beforeAll(async () => {
  database = await createTestDatabase();
  await installPgtap(database.url);
});

Deno.test.afterAll(async () => {
  await database.drop();
});

for (const name of files) {
  Deno.test(`pgTAP: ${name}`, async () => {
    await runPgtapFile(database.url, new URL(name, FOLDER).pathname);
  });
}

Deno.test("pgTAP: every story has its file", () => {
  assert.ok(files.length >= 14);
  assert.deepEqual(
    files.map((name) => /^\d{2}_[a-z_]+\.test\.sql$/.test(name)),
    files.map(() => true),
  );
});

Deno.test("pgTAP: a failed test, a wrong plan and an empty file are failures", async () => {
  const folder = await Deno.makeTempDir();
  const fails = async (body: string, expected: RegExp) => {
    await Deno.writeTextFile(
      `${folder}/a.test.sql`,
      `begin;\nset local search_path = public, extensions;\n${body}\nrollback;`,
    );
    await assert.rejects(runPgtapFile(database.url, `${folder}/a.test.sql`), expected);
  };
  try {
    await fails("select plan(1); select is(1, 2, 'one'); select * from finish();", /have: 1/);
    await fails("select plan(2); select is(1, 1); select * from finish();", /planned 2 .* ran 1/);
    await fails("select plan(1); select is(1, 1); select is(2, 2);", /planned 1 .* ran 2/);
    await fails("select 'nothing';", /no test ran/);
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
