import assert from "node:assert/strict";
import { parseLosslessJson } from "./lossless_json.ts";
import { toStorable } from "./storable_text.ts";

Deno.test("parseLosslessJson() keeps every digit of integers that a double cannot hold", () => {
  assert.deepEqual(parseLosslessJson('{"id":1729500000000000101,"list":[-9007199254740993]}'), {
    id: "1729500000000000101",
    list: ["-9007199254740993"],
  });
});

Deno.test("parseLosslessJson() does not change numbers that a double holds, fractions and strings", () => {
  assert.deepEqual(
    parseLosslessJson('[9007199254740991,1.5,1e3,"1729500000000000101",null,true]'),
    [
      9007199254740991,
      1.5,
      1000,
      "1729500000000000101",
      null,
      true,
    ],
  );
});

Deno.test("parseLosslessJson() keeps the digits of numbers beyond a double, and of those under the given keys", () => {
  const text = '{"id":9007199254740990.6,"list":[{"id":1e3}],"other":1e3,"huge":-1e400}';
  assert.deepEqual(parseLosslessJson(text, new Set(["id"])), {
    id: "9007199254740990.6",
    list: [{ id: "1e3" }],
    other: 1000,
    huge: "-1e400",
  });
});

Deno.test("parseLosslessJson() throws a SyntaxError for other texts than JSON", () => {
  assert.throws(() => parseLosslessJson("{"), SyntaxError);
});

Deno.test("toStorable() leaves out what Postgres cannot store, at any depth, and nothing else", () => {
  assert.deepEqual(
    toStorable({ "a\0": ["x\0y", "R\ud800sa", { deep: "\udc00" }], n: 1, none: null, ok: "🕯️ é" }),
    { a: ["xy", "R\ufffdsa", { deep: "\ufffd" }], n: 1, none: null, ok: "🕯️ é" },
  );
});
