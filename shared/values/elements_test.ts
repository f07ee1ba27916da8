import assert from "node:assert/strict";
import * as z from "zod/mini";
import { elementsOf } from "./elements.ts";

const Pair = z.object({ id: z.string(), name: z.string() });

/** The list that `value` is read as, and the lines that were logged. */
function read(value: unknown): { list: unknown[]; logged: string[] } {
  const logged: string[] = [];
  const { error } = console;
  Object.assign(console, { error: (line: string) => logged.push(line) });
  try {
    return { list: elementsOf(Pair, "pairs").parse(value), logged };
  } finally {
    Object.assign(console, { error });
  }
}

Deno.test("one unreadable element of a list leaves the others readable, and is logged without its values", () => {
  const { list, logged } = read([
    { id: "1", name: "a" },
    { id: 2, name: "Rosa" },
    null,
    { id: "3", name: "b" },
  ]);
  assert.deepEqual(list, [{ id: "1", name: "a" }, { id: "3", name: "b" }]);
  assert.deepEqual(logged.map((line) => JSON.parse(line).issues), [
    "id: invalid_type",
    "element: invalid_type",
  ]);
  assert.ok(!logged.join().includes("Rosa"));
});

Deno.test("a list that is absent, null or an empty text is empty; another value is not a list", () => {
  for (const absent of [undefined, null, ""]) assert.deepEqual(read(absent).list, []);
  assert.equal(elementsOf(Pair, "pairs").safeParse("many").success, false);
});
