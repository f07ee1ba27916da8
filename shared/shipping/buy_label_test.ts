import assert from "node:assert/strict";
import {
  LABEL,
  labelWorld,
  type Script,
  shipmentOf,
  workersPurchase,
} from "../../tests/support/label_world.ts";
import { orderToShip, PARCEL, purchaseOf } from "../../tests/support/purchases.ts";
import { encrypt } from "../crypto/encryption.ts";
import { parseKeyRing } from "../crypto/key_ring.ts";
import { Problem } from "../http/problem.ts";
import { TikTokError } from "../tiktok/api/errors.ts";
import { tokenContext } from "../tiktok/connections/encrypted_tokens.ts";
import { buyLabel } from "./buy_label.ts";
import { LabelError } from "./errors.ts";

// Every purchase is logged; here nobody reads that.
const quiet = () => {};
Object.assign(console, { info: quiet, warn: quiet, error: quiet });

const keys = await parseKeyRing(`k1:${btoa("k".repeat(32))}`);
const SHOP = {
  id: "5f0d7c1e-3a52-4b8f-8f59-9d8a4a0c1b03",
  shop_id: "1",
  shop_cipher: "cipher",
  access_token: await encrypt(keys, "TTP_token", tokenContext("access_token", "1")),
  token_version: 1,
  region: "US",
};
const INTENT = purchaseOf({ order: orderToShip({ shop: SHOP }) });
const REQUESTED = { outcome: "requested", purchase: INTENT } as const;
const UNSETTLED = { outcome: "unsettled", purchase: INTENT } as const;

const WANTED = {
  userId: "u",
  idempotencyKey: "k",
  hash: "h",
  request: { order_id: INTENT.order.id, parcel: PARCEL, label_format: "PDF", service: "cheapest" },
};

const UNTIL_BOUGHT = ["request", "getOrders", "prepare", "start", "buy"];

/** What became of a purchase, and what was done for it, in order. */
async function buy(script: Partial<Script>) {
  const { dependencies, done } = labelWorld({ answers: [REQUESTED], ...script }, { keys });
  const result = await buyLabel(dependencies, WANTED).then(
    (bought) => bought,
    (error) => error,
  );
  const outcome = result instanceof Problem
    ? result.code
    : result instanceof Error
    ? result
    : `${result.created ? "created" : "found"} ${result.shipment.state}`;
  return { outcome, done, result };
}

Deno.test("a label is bought after the intent, the order's state and the choice are stored, and once", async () => {
  const { outcome, done } = await buy({});
  assert.equal(outcome, "created purchased");
  assert.deepEqual(done, [...UNTIL_BOUGHT, "finish"]);
});

Deno.test("a request that was worked before, or is another one's, buys nothing", async () => {
  const shipment = shipmentOf();
  const cases: [Script["answers"][number], string][] = [
    [{ outcome: "exists", shipment }, "found purchased"],
    [{ outcome: "key_reused" }, "idempotency_key_reused"],
    [{ outcome: "in_progress", shipment }, "purchase_in_progress"],
    [{ outcome: "refused", code: "order_cancelled" }, "order_cancelled"],
  ];
  for (const [answer, expected] of cases) {
    const { outcome, done } = await buy({ answers: [answer] });
    assert.deepEqual([outcome, done], [expected, ["request"]]);
  }
});

Deno.test("an order that TikTok would not let go buys nothing, and its intent is given up", async () => {
  const order = { id: INTENT.order.tiktok_order_id, status: "AWAITING_SHIPMENT" };
  const cases: [Script["order"], string][] = [
    [{ ...order, status: "UNPAID" }, "order_unpaid"],
    [{ ...order, status: "ON_HOLD" }, "order_on_hold"],
    [{ ...order, status: "CANCELLED" }, "order_cancelled"],
    [{ ...order, status: "DELIVERED" }, "already_shipped"],
    [{ ...order, status: "COMPLETED" }, "already_shipped"],
    [{ ...order, is_buyer_request_cancel: true }, "cancellation_requested"],
    [{ ...order, shipping_type: "TIKTOK" }, "order_changed"],
    [undefined, "tiktok_unavailable"],
    [new TikTokError("TikTok answered HTTP 504", { status: 504 }), "tiktok_unavailable"],
  ];
  for (const [state, code] of cases) {
    const { outcome, done } = await buy({ order: state });
    assert.equal(outcome, code);
    assert.deepEqual(done, ["request", "getOrders", `fail ${code}`]);
  }
  for (const status of ["AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "NEW_WORD"]) {
    assert.equal((await buy({ order: { ...order, status } })).outcome, "created purchased", status);
  }
});

Deno.test("without a connected shop TikTok is not asked and nothing is bought", async () => {
  const { outcome, done } = await buy({ answers: [{ ...REQUESTED, purchase: purchaseOf() }] });
  assert.deepEqual([outcome, done], ["shop_not_connected", ["request", "fail shop_not_connected"]]);
});

Deno.test("what cannot be prepared is not bought, and the seller learns why and when to ask again", async () => {
  const prepare = new LabelError("carrier_busy", { retryAfterSeconds: 42 });
  const { outcome, done, result } = await buy({ prepare });
  assert.deepEqual(done, ["request", "getOrders", "prepare", "fail carrier_busy"]);
  assert.equal(outcome, "carrier_busy");
  assert.deepEqual((result as Problem).headers, { "retry-after": "42" });
});

Deno.test("a bug on the way leaves the intent for a retry, and buys nothing", async () => {
  const bug = new TypeError("x is undefined");
  const { outcome, done } = await buy({ prepare: bug });
  assert.equal(outcome, bug);
  assert.deepEqual(done, ["request", "getOrders", "prepare"]);
});

Deno.test("who was taken over by another worker buys nothing, and gives up nothing of the other's", async () => {
  const { outcome, done } = await buy({ start: false });
  assert.equal(outcome, "purchase_in_progress");
  assert.deepEqual(done, ["request", "getOrders", "prepare", "start"]);
});

Deno.test("a carrier's certain no is one, and nothing is looked up", async () => {
  const { outcome, done } = await buy({ buy: new LabelError("funds_missing") });
  assert.equal(outcome, "funds_missing");
  assert.deepEqual(done, [...UNTIL_BOUGHT, "fail funds_missing"]);
});

Deno.test("a doubtful purchase is looked up at once, and adopted if it is there", async () => {
  const doubt = new LabelError("outcome_unknown", { bought: "unknown" });
  const { outcome, done } = await buy({ buy: doubt, find: LABEL });
  assert.equal(outcome, "created purchased");
  assert.deepEqual(done, [...UNTIL_BOUGHT, "find", "finish"]);
});

Deno.test("a purchase stays in doubt while it is not there or nobody can look, whatever went wrong", async () => {
  const doubts = [
    new LabelError("outcome_unknown", { bought: "unknown" }),
    new TypeError("x is undefined"),
  ];
  for (const doubt of doubts) {
    for (const find of [undefined, new LabelError("carrier_busy"), new TypeError("x")]) {
      const { outcome, done, result } = await buy({ buy: doubt, find });
      assert.equal(outcome, "outcome_unknown");
      assert.equal((result as Problem).status, 504);
      assert.deepEqual(done, [...UNTIL_BOUGHT, "find", "doubt outcome_unknown"]);
    }
  }
});

Deno.test("what an earlier attempt left open is settled first, and never bought over", async () => {
  const stored = workersPurchase({ state: "unknown", seconds: 60 });
  const adopted = await buy({
    answers: [UNSETTLED, { outcome: "exists", shipment: shipmentOf() }],
    stored,
    find: LABEL,
  });
  assert.equal(adopted.outcome, "found purchased");
  assert.deepEqual(adopted.done, ["request", "forWorker", "find", "finish", "request"]);
  const failures = [undefined, new LabelError("carrier_unavailable")];
  for (const find of failures) {
    const { outcome, done } = await buy({ answers: [UNSETTLED], stored, find });
    assert.equal(outcome, "outcome_unknown");
    assert.deepEqual(done, ["request", "forWorker", "find"]);
  }
});

Deno.test("what an earlier attempt certainly did not buy is bought by this one", async () => {
  const stored = workersPurchase({ state: "unknown", seconds: 120 });
  const { outcome, done } = await buy({ answers: [UNSETTLED, REQUESTED], stored });
  assert.equal(outcome, "created purchased");
  assert.deepEqual(done, [
    ...["request", "forWorker", "find", "fail not_bought"],
    ...[...UNTIL_BOUGHT, "finish"],
  ]);
});

Deno.test("a request that is unsettled again after it was settled waits for whoever works it", async () => {
  const stored = workersPurchase({ state: "purchased" });
  const { outcome, done } = await buy({ answers: [UNSETTLED, UNSETTLED], stored });
  assert.equal(outcome, "purchase_in_progress");
  assert.deepEqual(done, ["request", "forWorker", "request"]);
});

Deno.test("a label that is drawn later, or in another format, is fetched; if that fails it was bought all the same", async () => {
  const stored = workersPurchase({ state: "purchased" });
  const laterOnes = [{ ...LABEL, label_url: null }, { ...LABEL, label_format: "PNG" as const }];
  for (const later of laterOnes) {
    const fetched = await buy({ buy: later, stored });
    assert.equal(fetched.outcome, "created purchased");
    assert.deepEqual(fetched.done.slice(-4), ["finish", "forWorker", "label", "storeDocument"]);
    const missing = await buy({ buy: later, stored, label: new LabelError("label_not_ready") });
    assert.equal(missing.outcome, "created purchased");
    assert.deepEqual(missing.done.slice(-3), ["finish", "forWorker", "label"]);
  }
});
