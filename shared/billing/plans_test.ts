import assert from "node:assert/strict";
import { CONFIG } from "../../tests/support/stripe_stand_in.ts";
import { PaidPlan, planOfPrice } from "./plans.ts";

Deno.test("planOfPrice() finds the plan of the three prices, and of no other", () => {
  assert.deepEqual(PaidPlan.options, ["starter", "growth", "scale"]);
  for (const plan of PaidPlan.options) {
    assert.equal(planOfPrice(CONFIG.prices, `price_${plan}`), plan);
  }
  for (
    const odd of ["", "starter", "price_", "price_trial", "PRICE_SCALE", "price_scale ", "toString"]
  ) {
    assert.equal(planOfPrice(CONFIG.prices, odd), null, odd);
  }
});
