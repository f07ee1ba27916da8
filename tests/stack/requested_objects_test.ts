/** docs/requested-schema.md has each object of the description, and says truly what differs here. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { ROOT } from "../support/pages.ts";
import {
  describeObjects,
  readRequestedCommands,
  readRequestedSql,
  readRequestedStatements,
} from "../support/requested_description.ts";
import { createTestDatabase } from "../support/stack.ts";

/** Headings of the page, and the kind of the objects below. */
const KINDS = {
  Tables: "table",
  Columns: "column",
  "Row level security": "row security",
  Policies: "policy",
  Functions: "function",
  Indexes: "index",
  View: "view",
  Triggers: "trigger",
  Job: "job",
  Publication: "publication",
  Seed: "seed",
  Commands: "command",
};

interface Row {
  /** Kind and name: `column users.email`. */
  object: string;
  difference: string;
  test: string;
}

async function readRows(): Promise<Row[]> {
  const page = await Deno.readTextFile(new URL("docs/requested-schema.md", ROOT));
  return Object.entries(KINDS).flatMap(([heading, kind]) => {
    const [, section = ""] = page.split(`\n## ${heading}\n`);
    const lines = section.replace(/\n## [^]*/, "").match(/^\| *`.*$/gm) ?? [];
    assert.ok(lines.length > 0, heading);
    return lines.flatMap((line) => {
      const [requested = "", here = "", difference = "", test = "", ...others] = line.split("|")
        .slice(1, -1).map((cell) => cell.trim());
      assert.ok(here !== "" && others.length === 0, line);
      return [...requested.matchAll(/`([^`]+)`/g)]
        .map(([, name]) => ({ object: `${kind} ${name}`, difference, test }));
    });
  });
}

/** What the description asks for, and what a database with our migrations has under the same names. */
async function compareSchemas() {
  const statements = await readRequestedStatements();
  const database = await createTestDatabase();
  const sql = postgres(database.url, { max: 1, max_lifetime: null, onnotice: () => {} });
  try {
    const ours = await describeObjects(sql, "public");
    await sql`begin`;
    await sql`create schema requested`;
    // The description keeps Postgres's default.
    await sql`alter publication supabase_realtime set (publish = 'insert, update, delete, truncate')`;
    await sql`set local search_path = requested, extensions`;
    for (const statement of statements) await sql.unsafe(statement.sql);
    const requested = await describeObjects(sql, "requested");
    await sql`set local search_path = public`;
    for (const { sql: insert, objects: [name = ""] } of statements) {
      if (!name.startsWith("seed ")) continue;
      await sql`savepoint before_seed`;
      requested.set(name, "stored");
      ours.set(name, await sql.unsafe(insert).then(() => "stored", (error) => error.code));
      await sql`rollback to before_seed`;
    }
    await sql`rollback`;
    return { names: new Set(statements.flatMap(({ objects }) => objects)), requested, ours };
  } finally {
    await sql.end();
    await database.drop();
  }
}

async function readScripts(): Promise<Record<string, string>> {
  return JSON.parse(await Deno.readTextFile(new URL("package.json", ROOT))).scripts;
}

Deno.test("every object of the description has one row in docs/requested-schema.md, and none is invented", async () => {
  const objects = (await readRequestedStatements()).flatMap((statement) => statement.objects);
  const commands = (await readRequestedCommands()).map((command) => `command ${command}`);
  assert.equal(commands.length, 6);
  const rows = (await readRows()).map(({ object }) => object);
  assert.deepEqual(rows.toSorted(), [...new Set([...objects, ...commands])].toSorted());
});

Deno.test("a row without a difference is exactly as described here, and one with a difference is not", async () => {
  const { names, requested, ours } = await compareSchemas();
  const scripts = await readScripts();
  for (const name of names) assert.ok(requested.has(name), `${name} is not found in the catalog`);
  for (const { object, difference } of await readRows()) {
    if (object.startsWith("command ")) {
      assert.equal(difference, "");
      assert.ok(Object.hasOwn(scripts, object.replace("command bun run ", "")), object);
    } else if (difference === "") {
      assert.equal(ours.get(object), requested.get(object) ?? "not described", object);
    } else assert.notEqual(ours.get(object) ?? "missing", requested.get(object), object);
  }
});

Deno.test("every difference from the description has its reason, and a test that exists", async () => {
  for (const { object, difference, test } of await readRows()) {
    if (difference === "") assert.equal(test, "", object);
    else {
      const [, path = ""] = /^`([^`]+(?:_test\.ts|\.test\.sql))`$/.exec(test) ?? [];
      assert.ok((await Deno.stat(new URL(path, ROOT))).isFile, `${object}: ${test}`);
    }
  }
});

Deno.test("the attacked schema is that of the description, without its template and seed", async () => {
  const attacked = await Deno.readTextFile(
    new URL("tests/fixtures/requested_schema.sql", ROOT),
  );
  const blocks = await readRequestedSql();
  const isExample = (block: string) => /^-- (?:Migration|Seed file): /m.test(block);
  assert.equal(blocks.filter(isExample).length, 2);
  for (const block of blocks) {
    assert.equal(attacked.includes(block.trim()), !isExample(block), block);
  }
});
