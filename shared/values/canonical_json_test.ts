import assert from "node:assert/strict";
import { canonicalJson } from "./canonical_json.ts";

Deno.test("canonicalJson() does not depend on the order of fields, but on that of items", () => {
  assert.equal(
    canonicalJson({ b: [{ d: 1, c: null }], a: "x" }),
    '{"a":"x","b":[{"c":null,"d":1}]}',
  );
  assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]));
});
