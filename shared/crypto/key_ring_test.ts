import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { parseKeyRing } from "./key_ring.ts";

const key = Buffer.alloc(32, 1).toString("base64");

Deno.test("parseKeyRing() takes several keys, the first of which is current", () => {
  const ring = parseKeyRing(` b:${key} , a:${key},`);
  assert.equal(ring.current, "b");
  assert.deepEqual([...ring.keys.keys()], ["b", "a"]);
});

Deno.test("parseKeyRing() names the fault without showing a key", () => {
  const short = Buffer.alloc(31, 1).toString("base64");
  const hex = "00112233445566778899aabbccddeeff";
  const cases: [string, RegExp][] = [
    ["", /no key/],
    [key, /form id:base64/],
    [hex, /form id:base64/],
    [`a b:${key}`, /form id:base64/],
    [`a:${key},a:${key}`, /twice/],
    ["a:***", /not base64/],
    [`a:${short}`, /31 bytes, not 32/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseKeyRing(text), (error: Error) => {
      assert.match(error.message, message);
      assert.ok(!error.message.includes(key) && !error.message.includes(short));
      assert.ok(!error.message.includes(hex));
      return true;
    });
  }
});
