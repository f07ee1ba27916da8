import assert from "node:assert/strict";
import { InvalidCursorError } from "./errors.ts";
import { decodeCursor, encodeCursor } from "./export_cursor.ts";

Deno.test("a cursor survives a URL, and anything else is refused", () => {
  const after = ["2026-11-01 00:00:00.123456+00", "7"];
  for (const from of [{ part: "orders", after }, { part: "shops", after: null }]) {
    const text = encodeCursor({ number: 2, from });
    assert.match(text, /^[\w-]+$/);
    assert.deepEqual(decodeCursor(text), { number: 2, from });
  }
  const wrong = [
    { number: 1, from: { part: "orders", after } },
    { number: 2, from: { part: "orders; drop table", after } },
    { number: 2, from: { part: "orders", after: ["1"] } },
    { number: 2, from: { part: "orders", after, user_id: "x" } },
    null,
  ];
  const texts = ["", "x", "====", "ä", ...wrong.map((value) => btoa(JSON.stringify(value)))];
  for (const text of texts) assert.throws(() => decodeCursor(text), InvalidCursorError, text);
});
