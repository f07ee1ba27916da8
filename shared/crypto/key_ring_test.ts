import assert from "node:assert/strict";
import { parseKeyRing } from "./key_ring.ts";

const key = new Uint8Array(32).fill(1).toBase64();

Deno.test("parseKeyRing() takes several keys, the first of which is current", () => {
  const ring = parseKeyRing(` b:${key} , a:${key},`);
  assert.equal(ring.current, "b");
  assert.deepEqual([...ring.keys.keys()], ["b", "a"]);
});

Deno.test("parseKeyRing() names the fault without showing a key", () => {
  const short = new Uint8Array(31).fill(1).toBase64();
  const cases: [string, RegExp][] = [
    ["", /no key/],
    [key, /form id:base64/],
    [`a b:${key}`, /form id:base64/],
    [`a:${key},a:${key}`, /twice/],
    ["a:***", /not base64/],
    [`a:${short}`, /31 bytes, not 32/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseKeyRing(text), (error: Error) => {
      assert.match(error.message, message);
      assert.ok(!error.message.includes(key) && !error.message.includes(short));
      return true;
    });
  }
});
