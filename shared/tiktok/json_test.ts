import assert from "node:assert/strict";
import { parseJson } from "./json.ts";

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

Deno.test("parseJson() throws on what is not JSON", () => {
  assert.throws(() => parseJson("{"), SyntaxError);
});
