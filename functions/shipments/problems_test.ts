import assert from "node:assert/strict";
import { DatabaseError } from "../../shared/database/errors.ts";
import { Problem } from "../../shared/http/problem.ts";
import { LabelError, LabelFailure } from "../../shared/shipping/errors.ts";
import { errorText } from "../../shared/log.ts";
import { EasyPostError } from "../../shared/shipping/providers/easypost/easypost_error.ts";
import { describeBatch, toProblem } from "./problems.ts";
import type { LabelBatch } from "../../shared/shipping/label_batch.ts";

/** Every code that a seller may see, by HTTP status. */
const CODES: Record<number, LabelFailure[]> = {
  402: ["funds_missing", "label_limit"],
  404: ["order_not_found", "shipment_not_found", "batch_not_found"],
  409: ["idempotency_key_reused", "purchase_in_progress", "price_changed", "tracking_in_progress"],
  422: [
    ...["order_cancelled", "order_refunded", "order_unpaid", "order_on_hold"] as const,
    ...["cancellation_requested", "already_shipped", "shipping_type_unknown"] as const,
    ...["tiktok_label_required", "tiktok_label_unavailable", "address_masked"] as const,
    ...["address_missing", "order_changed", "line_items_unknown", "line_items_labelled"] as const,
    ...["line_items_combined", "shop_not_connected", "rate_not_found", "rate_expired"] as const,
    ...["rate_of_another_parcel", "rate_of_another_provider", "sender_required"] as const,
    ...["service_unavailable", "label_format_unavailable", "carrier_refused"] as const,
    ...["not_purchased", "label_voided", "already_underway", "void_in_seller_center"] as const,
    ...["void_refused", "permission_missing", "label_gone", "carrier_not_accepted"] as const,
    ...["carrier_unknown", "tracking_number_invalid", "tracking_number_unknown"] as const,
    ...["tracking_number_of_other_carrier", "tracking_number_used"] as const,
    ...["tracking_not_own", "tracking_withdrawn", "tracking_final"] as const,
    ...["fulfilled_by_tiktok", "unit_cancelled", "order_combined", "orders_not_combined"] as const,
    ...["shop_paused", "no_unit_left", "no_carrier_accepted", "line_items_split"] as const,
  ],
  502: ["carrier_unavailable", "tiktok_unavailable", "label_unavailable"],
  503: ["carrier_busy", "label_not_ready", "void_pending"],
  504: ["outcome_unknown"],
};

function problemOf(error: unknown): Problem {
  const problem = toProblem(error);
  assert.ok(problem instanceof Problem);
  return problem;
}

Deno.test("every code has its HTTP status and a sentence of its own for the seller", () => {
  assert.deepEqual(Object.values(CODES).flat().toSorted(), LabelFailure.options.toSorted());
  const details = new Set<string>();
  for (const [status, codes] of Object.entries(CODES)) {
    for (const code of codes) {
      const problem = problemOf(new LabelError(code));
      assert.deepEqual([problem.status, problem.code], [Number(status), code]);
      assert.match(problem.message, /^[A-Z].{10,}\.$/, code);
      assert.ok(!details.has(problem.message), code);
      details.add(problem.message);
    }
  }
});

Deno.test("only a code that may end later has a Retry-After, and the carrier's own counts more", () => {
  const seconds: Partial<Record<LabelFailure, string>> = {
    purchase_in_progress: "5",
    tracking_in_progress: "5",
    carrier_busy: "10",
    label_not_ready: "30",
    void_pending: "30",
    outcome_unknown: "120",
  };
  for (const code of LabelFailure.options) {
    const wait = seconds[code];
    const expected = wait === undefined ? {} : { "retry-after": wait };
    assert.deepEqual(problemOf(new LabelError(code)).headers, expected, code);
    const error = new LabelError(code, { retryAfterSeconds: 7 });
    assert.deepEqual(problemOf(error).headers, { "retry-after": "7" }, code);
  }
});

Deno.test("a problem has the error's cause and shipment, and of the carrier's words those about a refusal", () => {
  const cause = new Error("EasyPost answered HTTP 429 RATE_LIMITED");
  const error = new LabelError("carrier_busy", { retryAfterSeconds: 42, cause, shipmentId: "s" });
  const problem = problemOf(error);
  assert.deepEqual([problem.status, problem.headers], [503, { "retry-after": "42" }]);
  assert.deepEqual(problem.members, { shipment_id: "s" });
  assert.equal(problem.cause, cause);
  assert.doesNotMatch(problem.message, /429/);
  const words = "Rosa Delgado's street is unknown";
  const refusal = new EasyPostError("EasyPost answered HTTP 422", { status: 422, words });
  const refused = problemOf(new LabelError("carrier_refused", { cause: refusal }));
  assert.equal(refused.members.carrier_message, words);
  assert.doesNotMatch(`${refused.message} ${errorText(refused.cause)}`, /Rosa/);
  assert.deepEqual(problemOf(new LabelError("funds_missing", { cause: refusal })).members, {});
  assert.deepEqual(problemOf(new LabelError("carrier_busy")).members, {});
});

Deno.test("rows that vanish during a call belonged to a deleted account; other errors are ours", () => {
  const vanished = problemOf(new DatabaseError("finish_label_purchase", "PT404"));
  assert.deepEqual([vanished.status, vanished.code], [401, "account_deleted"]);
  for (const error of [new DatabaseError("get_shipment", "42501"), new TypeError("x"), "text"]) {
    assert.equal(toProblem(error), undefined);
  }
});

function batchOf(...items: Partial<LabelBatch["items"][number]>[]): LabelBatch {
  return {
    ...{ id: "b", state: "done", total: items.length, waiting: 0, purchased: 0, failed: 0 },
    ...{ unknown: 0, created_at: "2026-11-29T12:00:00+00:00" },
    items: items.map((item) => ({
      ...{ order_id: "1", state: "failed", shipment: null, code: null },
      ...item,
    })),
  };
}

Deno.test("the problem of a part of a combined group names the other orders", () => {
  const orderIds = ["1", "2"];
  const combined = problemOf(new LabelError("order_combined", { orderIds }));
  assert.deepEqual(combined.members, { order_ids: orderIds });
  assert.deepEqual(problemOf(new LabelError("order_cancelled", { orderIds })).members, {});
});

Deno.test("the problem says so if other orders are not stored, and names them", () => {
  const plain = problemOf(new LabelError("order_combined", { orderIds: ["1"] })).message;
  const unstoredIds = ["576"];
  const problem = problemOf(new LabelError("order_combined", { orderIds: [], unstoredIds }));
  assert.deepEqual(problem.members, { order_ids: [], tiktok_order_ids: unstoredIds });
  assert.match(problem.message, /not stored here yet/);
  assert.notEqual(problem.message, plain);
  const { items } = describeBatch(batchOf({
    code: "order_combined",
    order_ids: [],
    tiktok_order_ids: unstoredIds,
  }));
  assert.equal(items[0]?.problem?.detail, problem.message);
});

Deno.test("each item of a batch has the problem that its own request would have had", () => {
  const batch = batchOf({ state: "purchased" }, { code: "order_not_found" });
  const problem = { status: 404, code: "order_not_found", detail: "You have no such order." };
  assert.deepEqual(describeBatch(batch), {
    ...batch,
    items: [
      { order_id: "1", state: "purchased", shipment: null, problem: null },
      { order_id: "1", state: "failed", shipment: null, problem },
    ],
  });
});
