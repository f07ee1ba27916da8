import assert from "node:assert/strict";
import type { Performance } from "./catalog.ts";
import { planOptimization } from "./optimization.ts";
import type { DatabaseTask, OptimizationPlan } from "./schemas.ts";

const INDEX: Performance["indexes"][number] = {
  index: "public.a",
  table: "public.notes",
  method: "btree",
  keys: ["user_id"],
  columns: [2],
  included: 0,
  predicate: null,
  unique: false,
  valid: true,
  constraint: false,
  bytes: 100,
  scans: 5,
  definition: "",
};
const TABLE: Performance["tables"][number] = {
  table: "public.notes",
  rows: 50_000,
  dead_rows: 0,
  sequential_scans: 0,
  sequential_rows: 0,
  index_scans: 10,
  bytes: 1_000_000,
  analyzed: null,
  vacuumed: null,
};
const KEY = {
  constraint: "notes_user_id_fkey",
  table: "public.notes",
  references: "public.users",
  numbers: [2],
  columns: ["user_id"],
};
const QUIET: Performance = {
  indexes: [INDEX],
  foreign_keys: [KEY],
  tables: [TABLE],
  cache: { table_hit_rate: 0.9, index_hit_rate: 0.99 },
  statements: [],
  since: null,
};

function plan(performance: Partial<Performance>, performance_requirements = {}): OptimizationPlan {
  const task = { context: { operation_type: "optimization", performance_requirements } };
  const sources = {
    performance: { ...QUIET, ...performance },
    isNamed: () => true,
  };
  return planOptimization(
    task as DatabaseTask,
    sources as unknown as Parameters<typeof planOptimization>[1],
  ).deliverable as OptimizationPlan;
}

const codesOf = (performance: Partial<Performance>) =>
  plan(performance).steps.map(({ code, object, gain }) => `${code} ${object} ${gain}`);

Deno.test("a database without waste has an empty plan", () => {
  assert.deepEqual(codesOf({}), []);
});

Deno.test("an index is a duplicate of one that begins with its keys, not of the reverse", () => {
  const longer = { ...INDEX, index: "public.b", keys: ["user_id", "id"], columns: [2, 1] };
  assert.deepEqual(codesOf({ indexes: [INDEX, longer] }), ["duplicate_index public.a 100"]);
  const partial = { ...longer, predicate: "(id > 1)" };
  assert.deepEqual(codesOf({ indexes: [INDEX, partial] }), []);
  const unique = { ...INDEX, unique: true };
  assert.deepEqual(codesOf({ indexes: [unique, longer] }), []);
});

Deno.test("of two equal indexes one goes", () => {
  const twin = { ...INDEX, index: "public.b" };
  assert.deepEqual(codesOf({ indexes: [INDEX, twin] }), ["duplicate_index public.a 100"]);
});

Deno.test("an unused index of a foreign key stays, another may go", () => {
  const unused = { ...INDEX, scans: 0 };
  const other = { ...unused, index: "public.b", keys: ["text"], columns: [3] };
  const { steps } = plan({ indexes: [unused, other] });
  assert.deepEqual(steps.map(({ object, sql }) => [object, sql]), [
    ["public.b", "drop index concurrently public.b;"],
    ["public.a", null],
  ]);
});

Deno.test("missing indexes, scans, dead rows and slow statements come before space", () => {
  const slow = { query: "select 1", calls: 10, mean_ms: 600, total_ms: 6000, rows: 10 };
  const table = { ...TABLE, dead_rows: 50_000, sequential_scans: 20, sequential_rows: 9000 };
  assert.deepEqual(
    codesOf({ indexes: [{ ...INDEX, columns: [3] }], tables: [table], statements: [slow] }),
    [
      "unindexed_foreign_key public.notes notes_user_id_fkey 50000",
      "slow_statement select 1 5000",
      "sequential_scans public.notes 9000",
      "dead_rows public.notes 500000",
    ],
  );
});

Deno.test("required figures are compared with the measured ones; what is unknown is not met or missed", () => {
  const { requirements } = plan({ statements: null }, {
    min_cache_hit_rate: 0.95,
    max_dead_row_ratio: 0.1,
    max_mean_statement_ms: 50,
  });
  assert.deepEqual(requirements, [
    { requirement: "min_cache_hit_rate", limit: 0.95, measured: 0.9, met: false },
    { requirement: "max_dead_row_ratio", limit: 0.1, measured: 0, met: true },
    { requirement: "max_mean_statement_ms", limit: 50, measured: null, met: null },
  ]);
});
