import assert from "node:assert/strict";
import { addComments } from "./type_comments.ts";

const TYPES = `export type Database = {
  "public": {
    Tables: {
      "orders": {
        Row: {
          "id": string;
          "total": number;
        };
        Insert: {
          "total": number;
        };
      };
    };
    Functions: {
      "get_usage": { Args: Record<PropertyKey, never>; Returns: Json };
      "orders": { Args: Record<PropertyKey, never>; Returns: Json };
    };
  };
};
`;

Deno.test("tables, the columns of their rows, and functions have the database's comments", () => {
  const comments = new Map([
    ["orders", "One row per order."],
    ["orders.total", "In major units; not the sum of a/*b*/c."],
    ["get_usage()", "Usage\nof the month."],
  ]);
  const lines = addComments(TYPES, comments).split("\n");
  const commented = lines.flatMap((line, n) =>
    line.includes("/**") ? [[line.trim(), lines[n + 1]?.trim()]] : []
  );
  assert.deepEqual(commented, [
    ["/** One row per order. */", '"orders": {'],
    ["/** In major units; not the sum of a/*b*\\/c. */", '"total": number;'],
    [
      "/** Usage of the month. */",
      '"get_usage": { Args: Record<PropertyKey, never>; Returns: Json };',
    ],
  ]);
  assert.equal(lines.filter((line) => !line.includes("/**")).join("\n"), TYPES);
});
