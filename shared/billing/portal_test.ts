import assert from "node:assert/strict";
import { callsOf, idempotencyKeyOf, withSeller } from "../../tests/support/stripe_account.ts";
import { ADA, BOB } from "../../tests/support/stripe_stand_in.ts";
import { beginPortal, NoSubscriptionError, returnUrl } from "./portal.ts";

Deno.test("beginPortal() opens the portal of the seller's own customer", async () => {
  await withSeller(async ({ dependencies, requests }) => {
    assert.deepEqual(await beginPortal(dependencies, ADA), {
      url: "https://portal.stripe.test/cus_1",
    });
    assert.deepEqual(callsOf(requests), ["POST billing_portal/sessions"]);
    await assert.rejects(beginPortal(dependencies, BOB), { code: "PT404" });
    assert.equal(requests.length, 1);
  });
});

Deno.test("beginPortal() refuses a seller without a customer, and calls no Stripe", async () => {
  await withSeller(async ({ dependencies, requests, calls }) => {
    await assert.rejects(beginPortal(dependencies, ADA), NoSubscriptionError);
    assert.deepEqual(requests, []);
    assert.equal(calls.length, 1);
  }, {});
});

Deno.test("two visits to the portal are two sessions", async () => {
  await withSeller(async ({ dependencies, requests }) => {
    await beginPortal(dependencies, ADA);
    await beginPortal(dependencies, ADA);
    assert.notEqual(idempotencyKeyOf(requests[0]), idempotencyKeyOf(requests[1]));
  });
});

Deno.test("returnUrl() sets `billing`, and keeps the rest of the address", () => {
  const url = "https://app.example/billing?billing=returned&tab=plan#top";
  assert.equal(returnUrl("https://app.example/billing?billing=old&tab=plan#top", "returned"), url);
});
