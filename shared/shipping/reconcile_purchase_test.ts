import assert from "node:assert/strict";
import { LABEL, labelWorld, workersPurchase } from "../../tests/support/label_world.ts";
import { refusalOf } from "../../tests/support/label_errors.ts";
import { parseKeyRing } from "../crypto/key_ring.ts";
import { LabelError } from "./errors.ts";
import { isUnsettled, settlePurchase } from "./reconcile_purchase.ts";

const ACCESS = { keys: await parseKeyRing(`k1:${btoa("k".repeat(32))}`) };

Deno.test("a purchase is unsettled from its request until somebody knows what became of it", () => {
  const unsettled = ["requested", "purchasing", "unknown"];
  const settled = ["purchased", "failed", "voided", "void_requested", "void_rejected"];
  for (const state of unsettled) assert.equal(isUnsettled(workersPurchase({ state })), true, state);
  for (const state of settled) assert.equal(isUnsettled(workersPurchase({ state })), false, state);
});

Deno.test("a label that is there is adopted, however early or late", async () => {
  for (const state of ["purchasing", "unknown"]) {
    for (const seconds of [0, 119, 120, 86_400]) {
      const { dependencies, done } = labelWorld({ find: LABEL }, ACCESS);
      const purchase = workersPurchase({ state, seconds });
      assert.equal((await settlePurchase(dependencies, purchase))?.state, "purchased");
      assert.deepEqual(done, ["find", "finish"]);
    }
  }
});

Deno.test("a label that is not there is given up after two minutes, and not a second before", async () => {
  for (const state of ["purchasing", "unknown"]) {
    for (const [seconds, certain] of [[0, false], [119, false], [120, true]] as const) {
      const { dependencies, done } = labelWorld({}, ACCESS);
      const shipment = await settlePurchase(dependencies, workersPurchase({ state, seconds }));
      assert.equal(shipment?.state, certain ? "failed" : undefined);
      assert.deepEqual(done, certain ? ["find", "fail not_bought"] : ["find"]);
    }
  }
});

Deno.test("a carrier that cannot be read settles nothing, however late", async () => {
  for (const code of ["carrier_unavailable", "carrier_busy"] as const) {
    const { dependencies, done } = labelWorld({ find: new LabelError(code) }, ACCESS);
    const settled = settlePurchase(dependencies, workersPurchase({ seconds: 86_400 }));
    assert.deepEqual(await refusalOf(settled), [code, "no"]);
    assert.deepEqual(done, ["find"]);
  }
});

Deno.test("units that were shipped in another way are given up, once it is certain", async () => {
  for (const [seconds, certain] of [[119, false], [120, true]] as const) {
    const { dependencies, done } = labelWorld({ find: new LabelError("already_shipped") }, ACCESS);
    const shipment = await settlePurchase(dependencies, workersPurchase({ seconds }));
    assert.equal(shipment?.state, certain ? "failed" : undefined);
    assert.deepEqual(done, certain ? ["find", "fail already_shipped"] : ["find"]);
  }
});

Deno.test("an intent bought nothing: it is given up once its worker must have died, and no carrier is asked", async () => {
  for (const abandoned of [false, true]) {
    const { dependencies, done } = labelWorld({ find: LABEL }, ACCESS);
    const purchase = workersPurchase({ state: "requested", abandoned, seconds: 300 });
    const shipment = await settlePurchase(dependencies, purchase);
    assert.equal(shipment?.reason, abandoned ? "abandoned" : undefined);
    assert.deepEqual(done, abandoned ? ["fail abandoned"] : []);
  }
});
