import assert from "node:assert/strict";
import { listFailed, listSlowest, readOutcome, readSummary } from "./output.ts";

Deno.test("readSummary() reads the counts of a run, and of no test with such a name", () => {
  const passed = "ok | 5 passed (2 steps) | 0 failed | 1 ignored (39ms)";
  assert.deepEqual(readSummary(passed), { passed: 5, failed: 0 });
  assert.deepEqual(readSummary("FAILED | 5 passed | 2 failed (1m2s)"), { passed: 5, failed: 2 });
  assert.equal(readSummary("a_test.ts => says ok | 5 passed | 0 failed ... ok (1ms)"), undefined);
});

Deno.test("readOutcome() reads a test, and no step", () => {
  const line = "./tests/a_test.ts => all orders arrive ... FAILED (1m2s)";
  const outcome = {
    file: "tests/a_test.ts",
    name: "all orders arrive",
    seconds: 62,
    passed: false,
  };
  assert.deepEqual(readOutcome(line), outcome);
  assert.equal(readOutcome("tests/a_test.ts => all orders ... arrive ... ok (2s)"), undefined);
  assert.equal(readOutcome("tests/a_test.ts => an old test ... ignored (0ms)"), undefined);
});

Deno.test("listSlowest() adds the tests of each file, listFailed() names tests", () => {
  const outcomes = [["a.ts", 1], ["b.ts", 2], ["a.ts", 1.5], ["c.ts", 0.1]] as const;
  const tests = outcomes.map(([file, seconds]) => (
    { file, name: `${seconds} s`, seconds, passed: file !== "b.ts" }
  ));
  assert.deepEqual(listSlowest(tests, 2), ["   2.5 s  a.ts", "   2.0 s  b.ts"]);
  assert.deepEqual(listFailed(tests), ["b.ts: 2 s"]);
});
