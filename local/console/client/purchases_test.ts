import assert from "node:assert/strict";
import { describePurchase } from "./purchases.ts";

Deno.test("a void that waits for its shop is not said to wait for the carrier", () => {
  const describe = (reason: string | null) =>
    describePurchase({ state: "void_requested", reason }) ?? "";
  assert.match(describe("shop_not_connected"), /waits for the shop/);
  assert.doesNotMatch(describe("shop_not_connected"), /carrier/);
  for (const reason of [null, "not_asked"]) assert.match(describe(reason), /^The carrier has not/);
});

Deno.test("a purchase that failed says why in words", () => {
  const text = describePurchase({ state: "failed", reason: "carrier_refused" });
  assert.equal(text, "Not bought: carrier refused. Nothing was charged.");
});

Deno.test("a void label that its carrier bills when it is scanned says so", () => {
  const text = describePurchase({ state: "voided", reason: "billed_when_scanned" });
  assert.equal(
    text,
    "The label is void. Do not use it: its carrier charges it when it is scanned.",
  );
  assert.equal(describePurchase({ state: "voided", reason: null }), undefined);
});
