import assert from "node:assert/strict";
import { scriptLabels } from "../../tests/support/label_dependencies.ts";
import { LABEL, purchaseForWorker, refusalOf } from "../../tests/support/purchases.ts";
import { LabelError } from "./errors.ts";
import { isUnsettled, reconcilePurchase } from "./reconcile_purchase.ts";

Deno.test("a purchase is unsettled from its request until its outcome is known", () => {
  const unsettled = ["requested", "purchasing", "unknown"];
  const settled = ["purchased", "failed", "voided", "void_requested", "void_rejected"];
  for (const state of unsettled) {
    assert.equal(isUnsettled(purchaseForWorker({ state })), true, state);
  }
  for (const state of settled) {
    assert.equal(isUnsettled(purchaseForWorker({ state })), false, state);
  }
});

Deno.test("a label that exists is adopted, however early or late", async () => {
  for (const state of ["purchasing", "unknown"]) {
    for (const seconds of [0, 119, 120, 86_400]) {
      const { dependencies, calls } = scriptLabels({ find: LABEL });
      const purchase = purchaseForWorker({ state, seconds });
      assert.equal((await reconcilePurchase(dependencies, purchase))?.state, "purchased");
      assert.deepEqual(calls, ["find", "finish"]);
    }
  }
});

Deno.test("a purchase without a label fails after two minutes, and not a second before", async () => {
  for (const state of ["purchasing", "unknown"]) {
    for (const [seconds, certain] of [[0, false], [119, false], [120, true]] as const) {
      const { dependencies, calls } = scriptLabels({});
      const shipment = await reconcilePurchase(dependencies, purchaseForWorker({ state, seconds }));
      assert.equal(shipment?.state, certain ? "failed" : undefined);
      assert.deepEqual(calls, certain ? ["find", "fail not_bought"] : ["find"]);
    }
  }
});

Deno.test("a carrier that cannot be read settles nothing, however late", async () => {
  for (const code of ["carrier_unavailable", "carrier_busy"] as const) {
    const { dependencies, calls } = scriptLabels({ find: new LabelError(code) });
    const settled = reconcilePurchase(dependencies, purchaseForWorker({ seconds: 86_400 }));
    assert.deepEqual(await refusalOf(settled), [code, "no"]);
    assert.deepEqual(calls, ["find"]);
  }
});

Deno.test("units that were shipped in another way fail the purchase, once that is certain", async () => {
  for (const [seconds, certain] of [[119, false], [120, true]] as const) {
    const { dependencies, calls } = scriptLabels({ find: new LabelError("already_shipped") });
    const shipment = await reconcilePurchase(dependencies, purchaseForWorker({ seconds }));
    assert.equal(shipment?.state, certain ? "failed" : undefined);
    assert.deepEqual(calls, certain ? ["find", "fail already_shipped"] : ["find"]);
  }
});

Deno.test("an intent bought nothing: it fails once its worker must have died, without a call of the carrier", async () => {
  for (const abandoned of [false, true]) {
    const { dependencies, calls } = scriptLabels({ find: LABEL });
    const purchase = purchaseForWorker({ state: "requested", abandoned, seconds: 300 });
    const shipment = await reconcilePurchase(dependencies, purchase);
    assert.equal(shipment?.reason, abandoned ? "abandoned" : undefined);
    assert.deepEqual(calls, abandoned ? ["fail abandoned"] : []);
  }
});
