import assert from "node:assert/strict";
import { describeHeld } from "./held.ts";

Deno.test("a seller reads how many orders wait for the plan, and how many of them must be shipped", () => {
  const describe = (held: number, held_to_ship: number) => describeHeld({ held, held_to_ship });
  assert.equal(describe(1, 0), "1 order waits for room in your plan.");
  assert.equal(describe(1, 1), "1 order waits for room in your plan and must be shipped.");
  assert.equal(
    describe(90, 90),
    "90 orders wait for room in your plan; all of them must be shipped.",
  );
  assert.equal(describe(3, 1), "3 orders wait for room in your plan; 1 of them must be shipped.");
});
