/** The rows that db:query prints. */
import assert from "node:assert/strict";
import { formatRows } from "./db_query.ts";

Deno.test("db:query prints the columns, a line for each row, and their number", () => {
  const at = new Date(0);
  assert.equal(
    formatRows(["id", "details"], [[1, { a: [2] }], [null, at]]),
    ["id  details", '1   {"a":[2]}', "    1970-01-01T00:00:00.000Z", "(2 rows)"].join("\n"),
  );
  assert.equal(formatRows(["id"], [[7n]]), "id\n7\n(1 row)");
  assert.equal(formatRows([], []), "Done.");
});

Deno.test("db:query says how many rows a statement changed", () => {
  assert.equal(formatRows([], [], { command: "DELETE", count: 33 }), "Deleted 33 rows.");
  assert.equal(formatRows([], [], { command: "UPDATE", count: 1 }), "Updated 1 row.");
  assert.equal(formatRows([], [], { command: "INSERT", count: 0 }), "Inserted 0 rows.");
  assert.equal(formatRows([], [], { command: "CREATE", count: null }), "Done.");
});
