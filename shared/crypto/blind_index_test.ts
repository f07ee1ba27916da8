import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { blindIndex, blindIndexes } from "./blind_index.ts";
import { parseKeyRing } from "./key_ring.ts";

const key = (byte: number) => Buffer.alloc(32, byte).toString("base64");

Deno.test("blindIndex() is equal for the same value and column, and different for others", () => {
  const ring = parseKeyRing(`k1:${key(1)}`);
  const first = blindIndex(ring, "cus_1", "subscriptions.stripe_customer_id");
  assert.match(first, /^k1\.[A-Za-z0-9_-]{43}$/);
  assert.equal(blindIndex(ring, "cus_1", "subscriptions.stripe_customer_id"), first);
  const others = [
    blindIndex(ring, "cus_2", "subscriptions.stripe_customer_id"),
    blindIndex(ring, "cus_1", "subscriptions.stripe_subscription_id"),
    blindIndex(
      parseKeyRing(`k1:${key(2)}`),
      "cus_1",
      "subscriptions.stripe_customer_id",
    ),
  ];
  for (const other of others) assert.notEqual(other, first);
});

Deno.test("blindIndexes() finds values that an older key of the ring has indexed", () => {
  const old = blindIndex(parseKeyRing(`k1:${key(1)}`), "cus_1", "column");
  const ring = parseKeyRing(`k2:${key(2)},k1:${key(1)}`);
  const candidates = blindIndexes(ring, "cus_1", "column");
  assert.deepEqual(candidates, [blindIndex(ring, "cus_1", "column"), old]);
});
