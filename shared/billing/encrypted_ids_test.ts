import assert from "node:assert/strict";
import { keys } from "../../tests/support/stripe_stand_in.ts";
import { parseKeyRing } from "../crypto/key_ring.ts";
import { hashesOf, openId, sealId } from "./encrypted_ids.ts";

const COLUMN = "subscriptions.stripe_subscription_id";

Deno.test("an id that is sealed opens again, and its hash is among those of the id", async () => {
  const first = await sealId(keys, COLUMN, "sub_s3cret");
  const second = await sealId(keys, COLUMN, "sub_s3cret");
  assert.equal(await openId(keys, COLUMN, first.text), "sub_s3cret");
  assert.notEqual(first.text, second.text);
  assert.equal(first.hash, second.hash);
  assert.doesNotMatch(`${first.text} ${first.hash}`, /s3cret/);
  // As private.is_encrypted() asks for.
  assert.match(first.text, /^v1\.new\.[\w-]{16}\.[\w-]{22,}$/);
  const hashes = await hashesOf(keys, COLUMN, "sub_s3cret");
  assert.equal(new Set(hashes).size, 2);
  assert.ok(hashes.includes(first.hash));
});

Deno.test("what an older key has sealed is found and opened while it is in the ring", async () => {
  const old = await parseKeyRing(`old:${btoa("\u0001".repeat(32))}`);
  const { text, hash } = await sealId(old, COLUMN, "sub_1");
  assert.equal(await openId(keys, COLUMN, text), "sub_1");
  assert.ok((await hashesOf(keys, COLUMN, "sub_1")).includes(hash));
  const fresh = await parseKeyRing(`new:${btoa("\u0000".repeat(32))}`);
  await assert.rejects(openId(fresh, COLUMN, text));
});

Deno.test("an id belongs to its column: elsewhere it has other hashes and does not open", async () => {
  const { text } = await sealId(keys, "subscriptions.stripe_customer_id", "cus_1");
  await assert.rejects(openId(keys, "stripe_customers.stripe_customer_id", text));
  const here = await hashesOf(keys, "subscriptions.stripe_customer_id", "cus_1");
  const there = await hashesOf(keys, "stripe_customers.stripe_customer_id", "cus_1");
  assert.equal(new Set([...here, ...there]).size, 4);
  const another = await hashesOf(keys, "subscriptions.stripe_customer_id", "cus_2");
  assert.equal(new Set([...here, ...another]).size, 4);
});
