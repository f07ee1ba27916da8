import assert from "node:assert/strict";
import { type Script, scriptLabels } from "../../tests/support/label_dependencies.ts";
import {
  LABEL,
  LINE_ITEMS,
  orderToShip,
  PARCEL,
  purchaseForWorker,
  purchaseOf,
  shipmentOf,
} from "../../tests/support/purchases.ts";
import { encrypt } from "../crypto/encryption.ts";
import { parseKeyRing } from "../crypto/key_ring.ts";
import { DatabaseError } from "../database/errors.ts";
import { TikTokError } from "../tiktok/api/errors.ts";
import { tokenContext } from "../tiktok/connections/encrypted_tokens.ts";
import { buyLabel } from "./buy_label.ts";
import { LabelError } from "./errors.ts";

// Every purchase is logged; these tests do not read the log.
const quiet = () => {};
Object.assign(console, { info: quiet, warn: quiet, error: quiet });

const keys = await parseKeyRing(`k1:${btoa("k".repeat(32))}`);
const SHOP = {
  id: "5f0d7c1e-3a52-4b8f-8f59-9d8a4a0c1b03",
  shop_id: "1",
  shop_cipher: "cipher",
  access_token: await encrypt(keys, "TTP_token", tokenContext("access_token", "1")),
  token_version: 1,
  paused_seconds: null,
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

/** The outcome of a purchase, and the calls that it made, in order. */
async function runPurchase(script: Partial<Script>) {
  const { dependencies, calls } = scriptLabels({ answers: [REQUESTED], ...script }, keys);
  const result = await buyLabel(dependencies, WANTED).then(
    (bought) => bought,
    (error) => error,
  );
  const outcome = result instanceof LabelError
    ? result.code
    : result instanceof Error
    ? result
    : `${result.created ? "created" : "found"} ${result.shipment.state}`;
  return { outcome, calls, result };
}

Deno.test("a label is bought after the intent, the order's state and the choice are stored, and once", async () => {
  const { outcome, calls } = await runPurchase({});
  assert.equal(outcome, "created purchased");
  assert.deepEqual(calls, [...UNTIL_BOUGHT, "finish"]);
});

Deno.test("a label whose account was deleted meanwhile is given back, and another error of the database is not taken for that", async () => {
  const deleted = { finish: new DatabaseError("finish_label_purchase", "PT404") };
  for (const decision of [{ state: "voided", reason: null }, new LabelError("carrier_busy")]) {
    const { outcome, calls } = await runPurchase({ ...deleted, void: decision as Script["void"] });
    assert.equal(outcome, "order_not_found");
    assert.deepEqual(calls, [...UNTIL_BOUGHT, "finish", "void"]);
  }
  const found = await runPurchase({ ...deleted, buy: new Error("cut"), find: LABEL });
  assert.equal(found.outcome, "order_not_found");
  assert.deepEqual(found.calls, [...UNTIL_BOUGHT, "find", "finish", "void"]);

  const down = { finish: new DatabaseError("finish_label_purchase", "") };
  const { outcome, calls } = await runPurchase(down);
  assert.equal(outcome, "outcome_unknown");
  assert.ok(!calls.includes("void"));
});

Deno.test("a request that was processed before, or whose key belongs to another, buys nothing", async () => {
  const shipment = shipmentOf();
  const cases: [Script["answers"][number], string][] = [
    [{ outcome: "exists", shipment }, "found purchased"],
    [{ outcome: "key_reused" }, "idempotency_key_reused"],
    [{ outcome: "in_progress", shipment }, "purchase_in_progress"],
    [{ outcome: "refused", code: "order_cancelled" }, "order_cancelled"],
  ];
  for (const [answer, expected] of cases) {
    const { outcome, calls } = await runPurchase({ answers: [answer] });
    assert.deepEqual([outcome, calls], [expected, ["request"]]);
  }
});

Deno.test("an order that TikTok does not let ship buys nothing, and its intent fails", async () => {
  const order = { id: INTENT.order.tiktok_order_id, status: "AWAITING_SHIPMENT" };
  const cases: [Script["order"], string][] = [
    [{ ...order, status: "UNPAID" }, "order_unpaid"],
    [{ ...order, status: "ON_HOLD" }, "order_on_hold"],
    [{ ...order, status: "CANCELLED" }, "order_cancelled"],
    [{ ...order, status: "DELIVERED" }, "already_shipped"],
    [{ ...order, status: "COMPLETED" }, "already_shipped"],
    [{ ...order, is_buyer_request_cancel: true }, "cancellation_requested"],
    [{ ...order, shipping_type: "TIKTOK" }, "order_changed"],
    [{ ...order, fulfillment_type: "FULFILLMENT_BY_TIKTOK" }, "fulfilled_by_tiktok"],
    [{ ...order, auto_combine_group_id: "7" }, "order_changed"],
    [
      { ...order, line_items: [{ id: LINE_ITEMS[0], display_status: "CANCELLED" }] },
      "unit_cancelled",
    ],
    [undefined, "tiktok_unavailable"],
    [new TikTokError("TikTok answered HTTP 504", { status: 504 }), "tiktok_unavailable"],
  ];
  for (const [state, code] of cases) {
    const { outcome, calls } = await runPurchase({ order: state });
    assert.equal(outcome, code);
    assert.deepEqual(calls, ["request", "getOrders", `fail ${code}`]);
  }
  for (const status of ["AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "NEW_STATUS"]) {
    assert.equal(
      (await runPurchase({ order: { ...order, status } })).outcome,
      "created purchased",
      status,
    );
  }
});

Deno.test("an address that TikTok shows differently buys nothing; an equal or a hidden one does not matter", async () => {
  const { name, line1, line2, postal_code } = INTENT.order.shipping_address;
  const same = {
    ...{ name: name ?? "", phone_number: "(+1)5035550142", region_code: "US" },
    ...{ address_line1: line1 ?? "", address_line2: line2 ?? "", postal_code: postal_code ?? "" },
    district_info: [
      { address_level: "L1", address_level_name: "State", address_name: "Oregon" },
      { address_level: "L3", address_level_name: "City", address_name: "Portland" },
    ],
  };
  const cases: [Record<string, unknown>, string][] = [
    [{ address_line1: "1 New Road" }, "order_changed"],
    [{ address_line2: "" }, "order_changed"],
    [{ postal_code: "97301" }, "order_changed"],
    [{}, "created purchased"],
    [{ phone_number: "(+1)5035550199" }, "created purchased"],
    [{ name: "R***" }, "created purchased"],
  ];
  for (const [changes, expected] of cases) {
    const order = {
      ...{ id: INTENT.order.tiktok_order_id, status: "AWAITING_SHIPMENT" },
      recipient_address: { ...same, ...changes },
    };
    const { outcome, calls } = await runPurchase({ order });
    assert.equal(outcome, expected, JSON.stringify(changes));
    assert.equal(calls.includes("buy"), expected !== "order_changed");
  }
});

Deno.test("a carrier that is refused at the last moment buys nothing, and the intent fails", async () => {
  const start = { outcome: "refused", code: "carrier_not_accepted" } as const;
  const { outcome, calls } = await runPurchase({ start });
  assert.equal(outcome, "carrier_not_accepted");
  const until = ["request", "getOrders", "prepare", "start"];
  assert.deepEqual(calls, [...until, "fail carrier_not_accepted"]);
});

Deno.test("without a connected shop TikTok is not called and nothing is bought", async () => {
  const { outcome, calls } = await runPurchase({
    answers: [{ ...REQUESTED, purchase: purchaseOf() }],
  });
  assert.deepEqual([outcome, calls], ["shop_not_connected", [
    "request",
    "fail shop_not_connected",
  ]]);
});

Deno.test("a purchase that cannot be prepared fails, and the seller learns why and when to try again", async () => {
  const prepare = new LabelError("carrier_busy", { retryAfterSeconds: 42 });
  const { outcome, calls, result } = await runPurchase({ prepare });
  assert.deepEqual(calls, ["request", "getOrders", "prepare", "fail carrier_busy"]);
  assert.equal(outcome, "carrier_busy");
  assert.equal((result as LabelError).retryAfterSeconds, 42);
});

Deno.test("a bug during the preparation leaves the intent for a retry, and buys nothing", async () => {
  const bug = new TypeError("x is undefined");
  const { outcome, calls } = await runPurchase({ prepare: bug });
  assert.equal(outcome, bug);
  assert.deepEqual(calls, ["request", "getOrders", "prepare"]);
});

Deno.test("a worker whose purchase was taken over buys nothing, and does not fail the purchase", async () => {
  const { outcome, calls } = await runPurchase({ start: { outcome: "taken_over" } });
  assert.equal(outcome, "purchase_in_progress");
  assert.deepEqual(calls, ["request", "getOrders", "prepare", "start"]);
});

Deno.test("a certain refusal of the carrier fails the purchase without a lookup", async () => {
  const { outcome, calls } = await runPurchase({ buy: new LabelError("funds_missing") });
  assert.equal(outcome, "funds_missing");
  assert.deepEqual(calls, [...UNTIL_BOUGHT, "fail funds_missing"]);
});

Deno.test("a purchase of unknown outcome is looked up at once, and adopted if the label exists", async () => {
  const unknown = new LabelError("outcome_unknown", { bought: "unknown" });
  const { outcome, calls } = await runPurchase({ buy: unknown, find: LABEL });
  assert.equal(outcome, "created purchased");
  assert.deepEqual(calls, [...UNTIL_BOUGHT, "find", "finish"]);
});

Deno.test("a purchase stays unknown while the carrier shows no label or cannot be read", async () => {
  const errors = [
    new LabelError("outcome_unknown", { bought: "unknown" }),
    new TypeError("x is undefined"),
  ];
  for (const error of errors) {
    for (const find of [undefined, new LabelError("carrier_busy"), new TypeError("x")]) {
      const { outcome, calls, result } = await runPurchase({ buy: error, find });
      assert.equal(outcome, "outcome_unknown");
      const { bought, shipmentId } = result as LabelError;
      assert.deepEqual([bought, shipmentId], ["unknown", INTENT.id]);
      assert.deepEqual(calls, [...UNTIL_BOUGHT, "find", "markUnknown outcome_unknown"]);
    }
  }
});

Deno.test("an unsettled earlier attempt is settled first, and never bought a second time", async () => {
  const stored = purchaseForWorker({ state: "unknown", seconds: 60 });
  const adopted = await runPurchase({
    answers: [UNSETTLED, { outcome: "exists", shipment: shipmentOf() }],
    stored,
    find: LABEL,
  });
  assert.equal(adopted.outcome, "found purchased");
  assert.deepEqual(adopted.calls, ["request", "getForWorker", "find", "finish", "request"]);
  const failures = [undefined, new LabelError("carrier_unavailable")];
  for (const find of failures) {
    const { outcome, calls } = await runPurchase({ answers: [UNSETTLED], stored, find });
    assert.equal(outcome, "outcome_unknown");
    assert.deepEqual(calls, ["request", "getForWorker", "find"]);
  }
});

Deno.test("a label that an earlier attempt certainly did not buy is bought by this one", async () => {
  const stored = purchaseForWorker({ state: "unknown", seconds: 120 });
  const { outcome, calls } = await runPurchase({ answers: [UNSETTLED, REQUESTED], stored });
  assert.equal(outcome, "created purchased");
  assert.deepEqual(calls, [
    ...["request", "getForWorker", "find", "fail not_bought"],
    ...[...UNTIL_BOUGHT, "finish"],
  ]);
});

Deno.test("a request that is unsettled again after it was settled is in progress elsewhere", async () => {
  const stored = purchaseForWorker({ state: "purchased" });
  const { outcome, calls } = await runPurchase({ answers: [UNSETTLED, UNSETTLED], stored });
  assert.equal(outcome, "purchase_in_progress");
  assert.deepEqual(calls, ["request", "getForWorker", "request"]);
});

Deno.test("a late label, or one in another format, is fetched; if that fails it is still bought", async () => {
  const stored = purchaseForWorker({ state: "purchased" });
  const lateLabels = [{ ...LABEL, label_url: null }, { ...LABEL, label_format: "PNG" as const }];
  for (const late of lateLabels) {
    const fetched = await runPurchase({ buy: late, stored });
    assert.equal(fetched.outcome, "created purchased");
    assert.deepEqual(fetched.calls.slice(-4), ["finish", "getForWorker", "label", "storeDocument"]);
    const missing = await runPurchase({
      buy: late,
      stored,
      label: new LabelError("label_not_ready"),
    });
    assert.equal(missing.outcome, "created purchased");
    assert.deepEqual(missing.calls.slice(-3), ["finish", "getForWorker", "label"]);
  }
});
