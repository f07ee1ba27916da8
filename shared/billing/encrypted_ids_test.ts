import assert from "node:assert/strict";
import { keys } from "../../tests/support/stripe_stand_in.ts";
import { parseKeyRing } from "../crypto/key_ring.ts";
import { decryptId, encryptId, idHashes } from "./encrypted_ids.ts";

const COLUMN = "subscriptions.stripe_subscription_id";

Deno.test("an encrypted id decrypts to the same id, and its hash is one of idHashes()", async () => {
  const first = await encryptId(keys, COLUMN, "sub_s3cret");
  const second = await encryptId(keys, COLUMN, "sub_s3cret");
  assert.equal(await decryptId(keys, COLUMN, first.text), "sub_s3cret");
  assert.notEqual(first.text, second.text);
  assert.equal(first.hash, second.hash);
  assert.doesNotMatch(`${first.text} ${first.hash}`, /s3cret/);
  // The form that private.is_encrypted() checks.
  assert.match(first.text, /^v1\.new\.[\w-]{16}\.[\w-]{22,}$/);
  const hashes = idHashes(keys, COLUMN, "sub_s3cret");
  assert.equal(new Set(hashes).size, 2);
  assert.ok(hashes.includes(first.hash));
});

Deno.test("an id encrypted with an older key is found and decrypted while the ring has that key", async () => {
  const old = parseKeyRing(`old:${btoa("\u0001".repeat(32))}`);
  const { text, hash } = await encryptId(old, COLUMN, "sub_1");
  assert.equal(await decryptId(keys, COLUMN, text), "sub_1");
  assert.ok(idHashes(keys, COLUMN, "sub_1").includes(hash));
  const fresh = parseKeyRing(`new:${btoa("\u0000".repeat(32))}`);
  await assert.rejects(decryptId(fresh, COLUMN, text));
});

Deno.test("an id belongs to its column: in another one its hashes differ and it does not decrypt", async () => {
  const { text } = await encryptId(keys, "subscriptions.stripe_customer_id", "cus_1");
  await assert.rejects(decryptId(keys, "stripe_customers.stripe_customer_id", text));
  const here = idHashes(keys, "subscriptions.stripe_customer_id", "cus_1");
  const there = idHashes(keys, "stripe_customers.stripe_customer_id", "cus_1");
  assert.equal(new Set([...here, ...there]).size, 4);
  const another = idHashes(keys, "subscriptions.stripe_customer_id", "cus_2");
  assert.equal(new Set([...here, ...another]).size, 4);
});
