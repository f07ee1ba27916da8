import assert from "node:assert/strict";
import fc from "fast-check";
import { addDecimals, exactCents, isMore } from "./money.ts";

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

Deno.test("exactCents() drops trailing zeros, and has two decimals or none", () => {
  const cases: [string, string][] = [
    ["5.12000", "5.12"],
    ["5.10", "5.10"],
    ["5.1", "5.10"],
    ["5.00", "5"],
    ["5", "5"],
    ["0", "0"],
    ["0.00000", "0"],
    ["159000", "159000"],
    ["99999999999999999999.99", "99999999999999999999.99"],
  ];
  for (const [amount, exact] of cases) assert.equal(exactCents(amount), exact);
});

Deno.test("exactCents() does not round, and accepts plain decimals only", () => {
  const refused = [
    ...["5.125", "0.001", "5.12001", "", ".", "5.", ".5", "-5", "+5", "1e2", "NaN", "Infinity"],
    ...["5,12", "5.1.2", " 5", "5 ", "$5", "５", "5\n", "0x5"],
  ];
  for (const amount of refused) assert.equal(exactCents(amount), undefined, amount);
});

Deno.test("exactCents() keeps the amount with any number of trailing zeros", () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.nat(8), (cents, zeros) => {
    const text = `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}${"0".repeat(zeros)}`;
    const exact = exactCents(text);
    assert.match(exact ?? "", /^\d+(\.\d\d)?$/);
    const [whole = "", fraction = "00"] = (exact ?? "").split(".");
    assert.equal(BigInt(whole + fraction), cents);
  }));
});

Deno.test("isMore() compares amounts, not texts", () => {
  const more: [string, string][] = [
    ["10", "9"],
    ["10.00", "9.99"],
    ["0.1", "0.09"],
    ["5.13", "5.12000"],
    ["9007199254740993.01", "9007199254740993"],
  ];
  for (const [amount, than] of more) {
    assert.equal(isMore(amount, than), true, `${amount} > ${than}`);
    assert.equal(isMore(than, amount), false, `${than} > ${amount}`);
  }
  for (const [amount, than] of [["5", "5.00"], ["0.10", "0.1"], ["0", "0.000"]] as const) {
    assert.equal(isMore(amount, than), false);
    assert.equal(isMore(than, amount), false);
  }
});

Deno.test("isMore() agrees with integer arithmetic for any number of decimals", () => {
  const decimal = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.nat(10));
  const written = ([units, places]: [bigint, number]) => {
    const digits = units.toString().padStart(places + 1, "0");
    return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  };
  const scaled = ([units, places]: [bigint, number]) => units * 10n ** BigInt(10 - places);
  fc.assert(fc.property(decimal, decimal, (a, b) => {
    assert.equal(isMore(written(a), written(b)), scaled(a) > scaled(b));
  }));
});
