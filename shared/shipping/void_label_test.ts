import assert from "node:assert/strict";
import {
  labelWorld,
  type Script,
  shipmentOf,
  workersPurchase,
} from "../../tests/support/label_world.ts";
import { PURCHASE_ID } from "../../tests/support/purchases.ts";
import { parseKeyRing } from "../crypto/key_ring.ts";
import { Problem } from "../http/problem.ts";
import { LabelError } from "./errors.ts";
import { checkVoid, voidLabel } from "./void_label.ts";

const ACCESS = { keys: await parseKeyRing(`k1:${btoa("k".repeat(32))}`) };

/** What a seller is told, and what was done for it, in order. */
async function voided(script: Partial<Script>) {
  const { dependencies, done } = labelWorld(script, ACCESS);
  const result = await voidLabel(dependencies, "u", PURCHASE_ID).then(
    ({ state }) => state,
    (error) => error,
  );
  return { outcome: result instanceof Problem ? result.code : result, done, result };
}

Deno.test("a void is asked of the provider after it was stored that the seller wants it", async () => {
  for (const state of ["voided", "void_requested"] as const) {
    const { outcome, done } = await voided({ void: { state, reason: null } });
    assert.equal(outcome, state);
    assert.deepEqual(done, ["requestVoid", "void", `settleVoid ${state}`]);
  }
});

Deno.test("what is voided already, or may not be, is not asked of the provider", async () => {
  const shipment = shipmentOf({ state: "voided" });
  const cases = [
    [{ outcome: "exists", shipment }, "voided"],
    [{ outcome: "refused", code: "not_purchased" }, "not_purchased"],
    [{ outcome: "refused", code: "already_underway" }, "already_underway"],
  ] as const;
  for (const [voidRequest, expected] of cases) {
    const { outcome, done } = await voided({ voidRequest });
    assert.deepEqual([outcome, done], [expected, ["requestVoid"]]);
  }
});

Deno.test("the provider's no is stored and told", async () => {
  const cases: [Script["void"], string][] = [
    [{ state: "void_rejected", reason: "void_in_seller_center" }, "void_in_seller_center"],
    [{ state: "void_rejected", reason: null }, "void_refused"],
    [new LabelError("carrier_refused"), "void_refused"],
  ];
  for (const [answer, code] of cases) {
    const { outcome, done, result } = await voided({ void: answer });
    assert.deepEqual([outcome, result.status], [code, 422]);
    assert.deepEqual(done, ["requestVoid", "void", "settleVoid void_rejected"]);
  }
});

Deno.test("a provider that does not answer decides nothing: the wish stays, and is asked again", async () => {
  for (const code of ["carrier_unavailable", "carrier_busy", "tiktok_unavailable"] as const) {
    const { outcome, done, result } = await voided({ void: new LabelError(code) });
    assert.deepEqual([outcome, result.status], ["void_pending", 503]);
    assert.deepEqual(done, ["requestVoid", "void", "settleVoid void_requested"]);
  }
  const bug = new TypeError("x is undefined");
  assert.deepEqual(await voided({ void: bug }), {
    outcome: bug,
    done: ["requestVoid", "void"],
    result: bug,
  });
});

Deno.test("checkVoid() asks only about a void that is undecided", async () => {
  for (const state of ["purchased", "voided", "void_rejected", undefined]) {
    const stored = state === undefined ? undefined : workersPurchase({ state });
    const { dependencies, done } = labelWorld({ stored }, ACCESS);
    assert.equal(await checkVoid(dependencies, PURCHASE_ID, 7), undefined);
    assert.deepEqual(done, ["forWorker"]);
  }
  const stored = workersPurchase({ state: "void_requested" });
  const { dependencies, done } = labelWorld({ stored }, ACCESS);
  assert.equal(await checkVoid(dependencies, PURCHASE_ID, 7), "voided");
  assert.deepEqual(done, ["forWorker", "void", "settleVoid voided"]);
});

Deno.test("a void that cannot be asked about stays undecided", async () => {
  const script = {
    stored: workersPurchase({ state: "void_requested" }),
    void: new LabelError("carrier_busy"),
  };
  const { dependencies, done } = labelWorld(script, ACCESS);
  await assert.rejects(checkVoid(dependencies, PURCHASE_ID, 7), LabelError);
  assert.deepEqual(done, ["forWorker", "void"]);
});

Deno.test("a void that the carrier refuses later on is rejected, and not asked for ever", async () => {
  const script = {
    stored: workersPurchase({ state: "void_requested" }),
    void: new LabelError("carrier_refused"),
  };
  const { dependencies, done } = labelWorld(script, ACCESS);
  assert.equal(await checkVoid(dependencies, PURCHASE_ID, 7), "void_rejected");
  assert.deepEqual(done, ["forWorker", "void", "settleVoid void_rejected"]);
});
