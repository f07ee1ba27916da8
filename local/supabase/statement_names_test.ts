import assert from "node:assert/strict";
import { StatementNames } from "./statement_names.ts";

Deno.test("a statement has one name, and after a change of the schema one that no statement had", () => {
  const names = new StatementNames();
  const [first, second] = ["select 1", "select 2"].map((text) => names.nameOf(text));
  assert.notEqual(first, second);
  assert.equal(names.nameOf("select 1"), first);
  names.forget();
  const later = ["select 2", "select 1"].map((text) => names.nameOf(text));
  assert.equal(new Set([first, second, ...later]).size, 4);
});
