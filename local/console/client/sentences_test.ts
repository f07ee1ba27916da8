import assert from "node:assert/strict";
import { PROBLEMS } from "../../../functions/shipments/problems.ts";
import { sentenceFor, SENTENCES } from "./sentences.ts";

/** Words of a program that calls the API. */
const CALLS = /Idempotency-Key|get_usage|order_ids|this call|the request with|read the shipment/;

Deno.test("no refusal of a label speaks to the seller of calls, headers or fields of the API", () => {
  for (const [code, { detail }] of Object.entries(PROBLEMS)) {
    // The console names a key of its own, and asks for the sender in its form.
    if (code === "idempotency_key_reused" || code === "sender_required") continue;
    assert.doesNotMatch(sentenceFor(code, detail), CALLS, code);
  }
  for (const code of Object.keys(SENTENCES)) assert.ok(code in PROBLEMS, code);
});
