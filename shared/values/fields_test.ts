import assert from "node:assert/strict";
import { countOf, fieldsOf, ID_TEXT, isObject, textOf, TIKTOK_ID } from "./fields.ts";

Deno.test("fieldsOf() reads objects only", () => {
  assert.deepEqual(fieldsOf({ id: 1 }), { id: 1 });
  for (const other of [undefined, null, [], [{ id: 1 }], "text", 7, true]) {
    assert.equal(isObject(other), false);
    assert.deepEqual(fieldsOf(other), {});
  }
});

Deno.test("textOf() takes texts of the form only, whole", () => {
  assert.equal(textOf("trk_1", ID_TEXT), "trk_1");
  for (const other of ["", "a b", "a\n", "é", "a\0", "x".repeat(256), 7, null, ["trk_1"], {}]) {
    assert.equal(textOf(other, ID_TEXT), null);
  }
  assert.equal(textOf("0123", TIKTOK_ID), "0123");
  for (const other of ["", "1a", "1\n", "1".repeat(33), 123]) {
    assert.equal(textOf(other, TIKTOK_ID), null);
  }
});

Deno.test("countOf() takes whole numbers up to the maximum only", () => {
  assert.deepEqual([countOf(0), countOf(7, 7)], [0, 7]);
  for (const other of [-1, 1.5, NaN, Infinity, 2 ** 53, "7", null, undefined, [7]]) {
    assert.equal(countOf(other), null);
  }
  assert.equal(countOf(8, 7), null);
});
