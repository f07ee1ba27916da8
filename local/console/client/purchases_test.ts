import assert from "node:assert/strict";
import { describePurchase } from "./purchases.ts";

Deno.test("a void that waits for its shop is not said to wait for the carrier", () => {
  const describe = (reason: string | null) =>
    describePurchase({ state: "void_requested", reason }) ?? "";
  assert.match(describe("shop_not_connected"), /waits for the shop/);
  assert.doesNotMatch(describe("shop_not_connected"), /carrier/);
  for (const reason of [null, "not_asked"]) assert.match(describe(reason), /^The carrier has not/);
});
