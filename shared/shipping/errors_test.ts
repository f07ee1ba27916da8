import assert from "node:assert/strict";
import { Problem } from "../http/problem.ts";
import { LabelError, type LabelFailure, labelProblem } from "./errors.ts";

/** All that the seller may be told, by HTTP status. */
const CODES = {
  402: ["funds_missing"],
  409: ["idempotency_key_reused", "purchase_in_progress", "price_changed"],
  422: [
    ...["order_cancelled", "order_refunded", "order_unpaid", "order_on_hold"] as const,
    ...["cancellation_requested", "already_shipped", "shipping_type_unknown"] as const,
    ...["tiktok_label_required", "tiktok_label_unavailable", "address_masked"] as const,
    ...["address_missing", "order_changed", "line_items_unknown", "line_items_labelled"] as const,
    ...["line_items_combined", "shop_not_connected", "rate_not_found", "rate_expired"] as const,
    ...["rate_of_another_parcel", "rate_of_another_provider", "sender_required"] as const,
    ...["service_unavailable", "label_format_unavailable", "carrier_refused"] as const,
    ...["not_purchased", "label_voided", "already_underway", "void_in_seller_center"] as const,
    ...["void_refused", "permission_missing", "label_gone"] as const,
  ],
  502: ["carrier_unavailable", "tiktok_unavailable", "label_unavailable"],
  503: ["carrier_busy", "label_not_ready", "void_pending"],
  504: ["outcome_unknown"],
} as const satisfies Record<number, readonly LabelFailure[]>;

/** A failure that the table above has not does not compile. */
type Listed = typeof CODES[keyof typeof CODES][number];
const complete: [LabelFailure] extends [Listed] ? true : never = true;

Deno.test("every code has its HTTP status and a sentence of its own for the seller", () => {
  assert.ok(complete);
  const details = new Set<string>();
  for (const [status, codes] of Object.entries(CODES)) {
    for (const code of codes) {
      const problem = labelProblem(code);
      assert.ok(problem instanceof Problem);
      assert.deepEqual([problem.status, problem.code], [Number(status), code]);
      assert.match(problem.message, /^[A-Z].{10,}\.$|from/, code);
      assert.ok(!details.has(problem.message), code);
      details.add(problem.message);
    }
  }
});

Deno.test("a code that nobody has thought of is a bug, and no answer for the seller", () => {
  const cause = new Error("from the database");
  for (
    const code of ["", "not_bought", "OUTCOME_UNKNOWN", "toString", "__proto__", "constructor"]
  ) {
    assert.throws(() => labelProblem(code, { cause }), (error: Error) => {
      assert.ok(!(error instanceof Problem));
      assert.match(error.message, /no label failure/);
      assert.equal(error.cause, cause);
      return true;
    });
  }
});

Deno.test("whoever may ask again is told when: what the carrier said counts more than our guess", () => {
  const waits: [LabelFailure, string][] = [
    ["purchase_in_progress", "5"],
    ["carrier_busy", "10"],
    ["label_not_ready", "30"],
    ["void_pending", "30"],
    ["outcome_unknown", "120"],
  ];
  for (const [code, seconds] of waits) {
    assert.deepEqual(labelProblem(code).headers, { "retry-after": seconds });
    assert.deepEqual(labelProblem(code, { retryAfterSeconds: 7 }).headers, { "retry-after": "7" });
  }
  for (const code of ["order_cancelled", "price_changed", "carrier_unavailable"]) {
    assert.deepEqual(labelProblem(code).headers, {});
  }
});

Deno.test("a LabelError becomes a problem with its cause and its wait, and without the carrier's words", () => {
  const cause = new Error("EasyPost answered HTTP 429 RATE_LIMITED");
  const error = new LabelError("carrier_busy", { retryAfterSeconds: 42, cause });
  const problem = labelProblem(error.code, error);
  assert.deepEqual([problem.status, problem.headers], [503, { "retry-after": "42" }]);
  assert.equal(problem.cause, cause);
  assert.doesNotMatch(problem.message, /429/);
});

Deno.test("a LabelError says what it was caused by, and that nothing was bought unless told otherwise", () => {
  const plain = new LabelError("sender_required");
  assert.deepEqual([plain.name, plain.message, plain.bought], [
    "LabelError",
    "sender_required",
    "no",
  ]);
  const cause = new Error("no answer");
  const doubtful = new LabelError("outcome_unknown", { bought: "unknown", cause });
  assert.deepEqual([doubtful.message, doubtful.bought], ["outcome_unknown: no answer", "unknown"]);
  assert.equal(doubtful.cause, cause);
  assert.equal(new LabelError("carrier_busy", { cause: "a text" }).message, "carrier_busy");
});
