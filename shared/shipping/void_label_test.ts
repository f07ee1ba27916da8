import assert from "node:assert/strict";
import { type Script, scriptLabels } from "../../tests/support/label_dependencies.ts";
import { PURCHASE_ID, purchaseForWorker, shipmentOf } from "../../tests/support/purchases.ts";
import { LabelError } from "./errors.ts";
import { checkVoid, voidLabel } from "./void_label.ts";

/** The outcome for the seller, and the calls that were made, in order. */
async function runVoid(script: Partial<Script>) {
  const { dependencies, calls } = scriptLabels(script);
  const result = await voidLabel(dependencies, "u", PURCHASE_ID).then(
    ({ state }) => state,
    (error) => error,
  );
  return { outcome: result instanceof LabelError ? result.code : result, calls };
}

Deno.test("a void is requested from the provider after the seller's request was stored", async () => {
  for (const state of ["voided", "void_requested"] as const) {
    const { outcome, calls } = await runVoid({ void: { state, reason: null } });
    assert.equal(outcome, state);
    assert.deepEqual(calls, ["requestVoid", "void", `settleVoid ${state}`]);
  }
});

Deno.test("a label that is voided already, or must not be, is not voided at the provider", async () => {
  const shipment = shipmentOf({ state: "voided" });
  const cases = [
    [{ outcome: "exists", shipment }, "voided"],
    [{ outcome: "refused", code: "not_purchased" }, "not_purchased"],
    [{ outcome: "refused", code: "already_underway" }, "already_underway"],
  ] as const;
  for (const [voidRequest, expected] of cases) {
    const { outcome, calls } = await runVoid({ voidRequest });
    assert.deepEqual([outcome, calls], [expected, ["requestVoid"]]);
  }
});

Deno.test("the provider's refusal is stored and returned", async () => {
  const cases: [Script["void"], string][] = [
    [{ state: "void_rejected", reason: "void_in_seller_center" }, "void_in_seller_center"],
    [{ state: "void_rejected", reason: null }, "void_refused"],
    [new LabelError("carrier_refused"), "void_refused"],
  ];
  for (const [answer, code] of cases) {
    const { outcome, calls } = await runVoid({ void: answer });
    assert.equal(outcome, code);
    assert.deepEqual(calls, ["requestVoid", "void", "settleVoid void_rejected"]);
  }
});

Deno.test("a provider that does not answer decides nothing: the void stays pending", async () => {
  for (const code of ["carrier_unavailable", "carrier_busy", "tiktok_unavailable"] as const) {
    const { outcome, calls } = await runVoid({ void: new LabelError(code) });
    assert.equal(outcome, "void_pending");
    assert.deepEqual(calls, ["requestVoid", "void", "settleVoid void_requested"]);
  }
  const paused = await runVoid({ void: new LabelError("shop_paused") });
  assert.equal(paused.outcome, "shop_paused", "TikTok answered, and repeating it soon is no use");
  assert.deepEqual(paused.calls, ["requestVoid", "void", "settleVoid void_requested"]);
  const bug = new TypeError("x is undefined");
  assert.deepEqual(await runVoid({ void: bug }), {
    outcome: bug,
    calls: ["requestVoid", "void"],
  });
});

Deno.test("checkVoid() reads only a void that is pending", async () => {
  for (const state of ["purchased", "voided", "void_rejected", undefined]) {
    const stored = state === undefined ? undefined : purchaseForWorker({ state });
    const { dependencies, calls } = scriptLabels({ stored });
    assert.equal(await checkVoid(dependencies, PURCHASE_ID, 7), undefined);
    assert.deepEqual(calls, ["getForWorker"]);
  }
  const stored = purchaseForWorker({ state: "void_requested" });
  const { dependencies, calls } = scriptLabels({ stored });
  assert.equal(await checkVoid(dependencies, PURCHASE_ID, 7), "voided");
  assert.deepEqual(calls, ["getForWorker", "void", "settleVoid voided"]);
});

Deno.test("a void that cannot be read stays pending", async () => {
  const script = {
    stored: purchaseForWorker({ state: "void_requested" }),
    void: new LabelError("carrier_busy"),
  };
  const { dependencies, calls } = scriptLabels(script);
  await assert.rejects(checkVoid(dependencies, PURCHASE_ID, 7), LabelError);
  assert.deepEqual(calls, ["getForWorker", "void"]);
});

Deno.test("a void that the carrier refuses later is rejected, and not requested again", async () => {
  const script = {
    stored: purchaseForWorker({ state: "void_requested" }),
    void: new LabelError("carrier_refused"),
  };
  const { dependencies, calls } = scriptLabels(script);
  assert.equal(await checkVoid(dependencies, PURCHASE_ID, 7), "void_rejected");
  assert.deepEqual(calls, ["getForWorker", "void", "settleVoid void_rejected"]);
});
