import assert from "node:assert/strict";
import { orderObjects } from "./order.ts";

const object = (name: string, needs: number[]) => ({
  kind: "table",
  name,
  table: name,
  rank: 0,
  sql: "",
  undo: null,
  needs,
});

Deno.test("an object comes after what it needs, and else in the order given", () => {
  const { ordered, circular } = orderObjects([
    object("a", [3]),
    object("b", []),
    object("c", [0]),
    object("d", [1]),
  ]);
  assert.deepEqual(ordered.map(({ name }) => name), ["b", "d", "a", "c"]);
  assert.deepEqual(circular, []);
});

Deno.test("objects that need each other come last, and are named", () => {
  const { ordered, circular } = orderObjects([
    object("a", [1]),
    object("b", [0]),
    object("c", []),
  ]);
  assert.deepEqual(ordered.map(({ name }) => name), ["c", "a", "b"]);
  assert.deepEqual(circular, ["a", "b"]);
});
