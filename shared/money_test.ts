import assert from "node:assert/strict";
import fc from "fast-check";
import { addDecimals } from "./money.ts";

Deno.test("addDecimals() is exact where binary fractions are not", () => {
  assert.equal(addDecimals(["0.1", "0.2"]), "0.3");
  assert.equal(addDecimals(["19.00", "0"]), "19.00");
  assert.equal(addDecimals(["159000", "1"]), "159001");
  assert.equal(addDecimals(["0.05"]), "0.05");
  assert.equal(addDecimals([]), "0");
  assert.equal(addDecimals(["99999999999999.99", "0.01"]), "100000000000000.00");
});

Deno.test("addDecimals() agrees with integer arithmetic in cents", () => {
  fc.assert(fc.property(fc.array(fc.nat(10_000_000)), (cents) => {
    const text = addDecimals(cents.map((amount) => (amount / 100).toFixed(2)));
    assert.equal(Math.round(Number(text) * 100), cents.reduce((sum, amount) => sum + amount, 0));
  }));
});
