import assert from "node:assert/strict";
import type { Catalog } from "./catalog.ts";
import { complexityScore, runTask } from "./run_task.ts";
import { TASK_ERRORS } from "./task_error.ts";

const REFUSED: Catalog = {
  objects: () => Promise.reject(new Error("the catalog was read")),
  access: () => Promise.reject(new Error("the catalog was read")),
  performance: () => Promise.reject(new Error("the catalog was read")),
  migrations: () => Promise.reject(new Error("the catalog was read")),
};

const TASK = {
  task_id: "1",
  description: "",
  context: { operation_type: "schema_design" },
  requirements: [],
  expected_output: "schema",
};

const EMPTY: Catalog = {
  objects: () => Promise.resolve({ objects: [], columns: {}, unsupported: [] }),
  access: () =>
    Promise.resolve({ tables: [], policies: [], grants: [], functions: [], bypass: [] }),
  performance: () =>
    Promise.resolve({
      ...{ indexes: [], foreign_keys: [], tables: [], statements: null, since: null },
      cache: { table_hit_rate: null, index_hit_rate: null },
    }),
  migrations: () => Promise.resolve([]),
};

Deno.test("a task without its fields, or with others, is refused before the catalog is read", async () => {
  for (const task of [null, [], {}, { ...TASK, extra: 1 }, { ...TASK, context: {} }]) {
    const { success, output, error, metadata } = await runTask(task, REFUSED);
    assert.deepEqual([success, output, metadata.tables_affected], [false, undefined, 0]);
    assert.match(
      error ?? "",
      /^invalid_task: .* DatabaseTask\. (task|task_id|context.*): expected /,
    );
  }
});

Deno.test("an output that the operation does not have is refused", async () => {
  for (const expected_output of ["policies", "optimization_plan", "migrations"]) {
    const { error } = await runTask({ ...TASK, expected_output }, REFUSED);
    assert.match(error ?? "", /^output_mismatch: .*schema, or with an existing_schema migrations/);
  }
});

Deno.test("an error that is not the task's is thrown", async () => {
  await assert.rejects(runTask(TASK, REFUSED), /the catalog was read/);
});

Deno.test("an empty database has an answer to every operation", async () => {
  const outputs = {
    ...{ schema_design: "schema", rls_policies: "policies", migrations: "migrations" },
    optimization: "optimization_plan",
  };
  for (const [operation_type, expected_output] of Object.entries(outputs)) {
    let clock = 5;
    const task = { ...TASK, context: { operation_type }, expected_output };
    const result = await runTask(task, EMPTY, { now: () => clock++ });
    assert.equal(result.success, true);
    assert.deepEqual(result.metadata, {
      execution_time_ms: 1,
      complexity_score: 1,
      tables_affected: 0,
    });
    assert.deepEqual(result.output?.supporting_docs.map(({ name }) => name), [
      "schema_documentation",
      "security_notes",
      "performance_analysis",
    ]);
  }
});

Deno.test("the documents of one table count no object of another, nor one without a table", async () => {
  const object = (kind: string, name: string, table: string | null) => ({
    kind,
    name,
    table,
    sql: "",
    undo: null,
    rank: 0,
    needs: [],
  });
  const catalog: Catalog = {
    ...EMPTY,
    objects: () =>
      Promise.resolve({
        objects: [
          object("table", "public.orders", "public.orders"),
          object("table", "public.plans", "public.plans"),
          object("function", "public.count_orders()", null),
        ],
        columns: { "public.orders": [], "public.plans": [] },
        unsupported: [],
      }),
  };
  const countsOf = async (requirements: string[]) => {
    const { output } = await runTask({ ...TASK, requirements }, catalog);
    return output?.supporting_docs[0].text.split("\n\n").slice(0, 2);
  };
  assert.deepEqual(await countsOf(["table orders"]), ["1 table.", "- table: 1"]);
  assert.deepEqual(await countsOf([]), ["2 tables.", "- table: 2\n- function: 1"]);
});

Deno.test("the complexity grows from 1 to 10 with tables and objects", () => {
  assert.deepEqual(
    [[0, 0], [1, 10], [40, 600], [500, 4000]].map(([tables = 0, objects = 0]) =>
      complexityScore(tables, objects)
    ),
    [1, 2, 7, 10],
  );
});

Deno.test("docs/database-tasks.md has each error with its sentence", async () => {
  const page = await Deno.readTextFile(
    new URL("../../docs/database-tasks.md", import.meta.url),
  );
  for (const [code, sentence] of Object.entries(TASK_ERRORS)) {
    assert.match(page, new RegExp(`\\| \`${code}\` +\\| ${sentence.replaceAll(".", "\\.")} +\\|`));
  }
});
