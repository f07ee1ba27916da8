import assert from "node:assert/strict";
import { DatabaseError } from "../database/errors.ts";
import { isTransient, LabelError, LabelFailure, notFoundAs } from "./errors.ts";
import { LoggableError } from "../loggable_error.ts";

Deno.test("only failures that may end a moment later are transient", () => {
  const transient = LabelFailure.options.filter((code) => isTransient(new LabelError(code)));
  assert.deepEqual(transient.toSorted(), [
    "carrier_busy",
    "carrier_unavailable",
    "label_not_ready",
    "label_unavailable",
    "purchase_in_progress",
    "tiktok_unavailable",
    "tracking_in_progress",
    "void_pending",
  ]);
});

Deno.test("a code of SQL that is not in the table is refused", () => {
  const codes = ["", "not_bought", "OUTCOME_UNKNOWN", "toString", "__proto__", "constructor"];
  for (const code of codes) assert.equal(LabelFailure.safeParse(code).success, false, code);
  assert.equal(LabelFailure.parse("order_cancelled"), "order_cancelled");
});

Deno.test("a LabelError has its cause in its message, and bought nothing unless it says so", () => {
  const plain = new LabelError("sender_required");
  assert.deepEqual([plain.name, plain.message, plain.bought], [
    "LabelError",
    "sender_required",
    "no",
  ]);
  const cause = new LoggableError("no answer");
  const unknown = new LabelError("outcome_unknown", { bought: "unknown", cause });
  assert.deepEqual([unknown.message, unknown.bought], ["outcome_unknown: no answer", "unknown"]);
  assert.equal(unknown.cause, cause);
  for (const cause of ["a text", new Error("Rosa Delgado")]) {
    assert.equal(new LabelError("carrier_busy", { cause }).message, "carrier_busy");
  }
});

Deno.test("a row that SQL does not find becomes a LabelError, and other errors stay", () => {
  const handle = notFoundAs("batch_not_found");
  assert.throws(() => handle(new DatabaseError("get_label_batch", "PT404")), {
    name: "LabelError",
    code: "batch_not_found",
  });
  const others = [new DatabaseError("get_label_batch", "PT409"), new TypeError("x"), "a text"];
  for (const error of others) {
    let thrown: unknown;
    try {
      handle(error);
    } catch (caught) {
      thrown = caught;
    }
    assert.equal(thrown, error);
  }
});
