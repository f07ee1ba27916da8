import assert from "node:assert/strict";
import { MAX_DEPTH, parseJson } from "./json.ts";
import { parseLosslessJson } from "./lossless_json.ts";

Deno.test("JSON of 100 levels is read, and of one more it is a SyntaxError, however large it is", () => {
  const nested = (depth: number, open: string, close: string) =>
    `${open.repeat(depth)}1${close.repeat(depth)}`;
  for (const parse of [parseJson, parseLosslessJson]) {
    for (const [open, close] of [["[", "]"], ['{"a":', "}"], ['[{"]":', "}]"]] as const) {
      const levels = MAX_DEPTH / (open.startsWith("[{") ? 2 : 1);
      assert.ok(parse(nested(levels, open, close)));
      for (const depth of [levels + 1, 2000, 5000, 200_000]) {
        assert.throws(() => parse(nested(depth, open, close)), SyntaxError);
        assert.throws(() => parse(open.repeat(depth)), SyntaxError);
      }
    }
  }
});

Deno.test("brackets in texts are not levels", () => {
  const many = "[{".repeat(1000);
  for (const text of [many, `\\" ${many}`, `\\\\`, `"${many}`, `${many}\\`]) {
    assert.deepEqual(parseJson(JSON.stringify([text, [text]])), [text, [text]]);
  }
  assert.throws(() => parseJson(`"${"\\".repeat(100_001)}`), SyntaxError);
});
