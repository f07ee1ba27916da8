import assert from "node:assert/strict";
import { TikTokError } from "../tiktok/api/errors.ts";
import { LabelError } from "./errors.ts";
import { toOwnRefusal, toReadError } from "./own_refusals.ts";

const refusal = (code: number) =>
  new TikTokError(`TikTok ${code} (/path, r)`, { code, requestId: "r", words: "no" });

Deno.test("TikTok's refusals of a number become codes with TikTok's request id, without its words", () => {
  const codes = {
    21011022: "tracking_number_invalid",
    21011025: "tracking_number_used",
    21004015: "tracking_number_of_other_carrier",
    11028006: "tracking_number_unknown",
    21011006: "already_shipped",
    21011020: "already_shipped",
    21008099: "already_shipped",
    21011027: "already_shipped",
    21042056: "already_shipped",
    21022025: "already_shipped",
    21008042: "already_shipped",
    21034012: "tracking_number_used",
    21011042: "order_cancelled",
    21011046: "order_combined",
    21011049: "tracking_final",
    21011050: "tracking_final",
  };
  for (const [code, expected] of Object.entries(codes)) {
    assert.deepEqual(toOwnRefusal(refusal(Number(code)), 1), {
      error: `TikTok ${code}, request r`,
      code: expected,
    });
  }
  assert.deepEqual(toOwnRefusal(new LabelError("carrier_unknown"), 1).code, "carrier_unknown");
});

Deno.test("a hold, an outage and an unknown refusal are tried again", () => {
  assert.equal(toOwnRefusal(refusal(21011044), 1).temporary_code, "order_on_hold");
  for (
    const error of [refusal(21011044), refusal(36009003), refusal(99), new TikTokError("down")]
  ) {
    assert.equal(toOwnRefusal(error, 1).code, undefined);
  }
});

Deno.test("a refusal that our own lost call can cause is final only for the first call", () => {
  for (const code of [21011006, 21011020, 21008099, 21011025, 21034012]) {
    assert.notEqual(toOwnRefusal(refusal(code), 1).code, undefined);
    assert.equal(toOwnRefusal(refusal(code), 2).code, undefined);
  }
  assert.equal(toOwnRefusal(refusal(21011022), 2).code, "tracking_number_invalid");
});

Deno.test("a refused read is a code, and an outage stays TikTok's error", () => {
  assert.equal(toReadError(refusal(21008117)).code, "tiktok_label_required");
  assert.equal(toReadError(refusal(21008111)).code, "order_not_found");
  assert.equal(toReadError(refusal(12345)).code, "tiktok_unavailable");
  const outage = new TikTokError("down");
  assert.throws(() => toReadError(outage), outage);
});
