import assert from "node:assert/strict";
import { findNamedTables } from "./narrow.ts";

const TABLES = ["public.orders", "private.label_rates", "other.notes"];

Deno.test("any word that is the name of a table names it", () => {
  const { existing } = findNamedTables(["Fast orders, and label_rates; other.notes."], TABLES);
  assert.deepEqual([...existing ?? []].sort(), [
    "other.notes",
    "private.label_rates",
    "public.orders",
  ]);
  assert.equal(findNamedTables(["Make it fast."], TABLES).existing, undefined);
});

Deno.test("a table that must exist, and a new one that must not, are refused otherwise", () => {
  assert.deepEqual(findNamedTables(["new table drafts"], TABLES).created, [
    { table: "public.drafts", requirement: "new table drafts" },
  ]);
  assert.throws(() => findNamedTables(["table drafts"], TABLES), { code: "unknown_table" });
  assert.throws(() => findNamedTables(["new table orders"], TABLES), { code: "table_exists" });
});
