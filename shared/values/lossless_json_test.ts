import assert from "node:assert/strict";
import { parseJson, storable } from "./lossless_json.ts";

Deno.test("parseJson() keeps every digit of integers that a double cannot hold", () => {
  assert.deepEqual(parseJson('{"id":1729500000000000101,"list":[-9007199254740993]}'), {
    id: "1729500000000000101",
    list: ["-9007199254740993"],
  });
});

Deno.test("parseJson() leaves what a double holds, fractions and strings alone", () => {
  assert.deepEqual(parseJson('[9007199254740991,1.5,1e3,"1729500000000000101",null,true]'), [
    9007199254740991,
    1.5,
    1000,
    "1729500000000000101",
    null,
    true,
  ]);
});

Deno.test("parseJson() keeps numbers beyond a double, and those under the given keys, as they are written", () => {
  const text = '{"id":9007199254740990.6,"list":[{"id":1e3}],"other":1e3,"huge":-1e400}';
  assert.deepEqual(parseJson(text, new Set(["id"])), {
    id: "9007199254740990.6",
    list: [{ id: "1e3" }],
    other: 1000,
    huge: "-1e400",
  });
});

Deno.test("parseJson() throws on what is not JSON", () => {
  assert.throws(() => parseJson("{"), SyntaxError);
});

Deno.test("storable() leaves out what Postgres cannot store, at any depth, and nothing else", () => {
  assert.deepEqual(
    storable({ "a\0": ["x\0y", "R\ud800sa", { deep: "\udc00" }], n: 1, none: null, ok: "🕯️ é" }),
    { a: ["xy", "R\ufffdsa", { deep: "\ufffd" }], n: 1, none: null, ok: "🕯️ é" },
  );
});
