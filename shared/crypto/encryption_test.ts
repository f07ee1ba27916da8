import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decrypt, DecryptionError, encrypt } from "./encryption.ts";
import { parseKeyRing } from "./key_ring.ts";

const key = (byte: number) => Buffer.alloc(32, byte).toString("base64");

Deno.test("an encrypted secret decrypts again, and each encryption gives another text", async () => {
  const ring = parseKeyRing(`k1:${key(1)}`);
  for (const secret of ["", "TTP_token", "café ✓ 東京", "x".repeat(5000)]) {
    const [first, second] = [
      await encrypt(ring, secret, "row"),
      await encrypt(ring, secret, "row"),
    ];
    assert.notEqual(first, second);
    assert.match(first, /^v1\.k1\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22,}$/);
    assert.equal(await decrypt(ring, first, "row"), secret);
  }
});

Deno.test("the first key encrypts, and every key of the ring decrypts", async () => {
  const old = parseKeyRing(`k1:${key(1)}`);
  const rotated = parseKeyRing(`k2:${key(2)},k1:${key(1)}`);
  const text = await encrypt(old, "secret", "row");
  assert.equal(await decrypt(rotated, text, "row"), "secret");
  assert.match(await encrypt(rotated, "secret", "row"), /^v1\.k2\./);
});

Deno.test("a text of another key or row, or a changed or malformed one, is a DecryptionError", async () => {
  const ring = parseKeyRing(`k1:${key(1)}`);
  const text = await encrypt(ring, "secret", "row 1");
  const flipped = text.replace(/.$/, (last) => last === "A" ? "Q" : "A");
  const cases: [string, string, RegExp][] = [
    [text, "row 2", /another row/],
    [flipped, "row 1", /changed/],
    [text.replace("v1", "v2"), "row 1", /form/],
    [text.replace("k1", "k9"), "row 1", /no key "k9"/],
    ["plain", "row 1", /form/],
    ["v1.k1.!.!", "row 1", /changed/],
    [`${text}.x`, "row 1", /form/],
  ];
  for (const [broken, context, message] of cases) {
    await assert.rejects(decrypt(ring, broken, context), (error: Error) => {
      assert.ok(error instanceof DecryptionError);
      assert.match(error.message, message);
      return true;
    });
  }
  const other = parseKeyRing(`k1:${key(7)}`);
  await assert.rejects(decrypt(other, text, "row 1"), DecryptionError);
});
