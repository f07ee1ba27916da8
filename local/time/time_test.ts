import assert from "node:assert/strict";
import { pollUntil } from "./poll_until.ts";
import { ignoreTimeout, TimeoutError, withTimeout } from "./with_timeout.ts";

Deno.test("pollUntil() returns the first value, and undefined after the time limit", async () => {
  let reads = 0;
  const third = await pollUntil(() => ++reads === 3 && reads, { timeoutMs: 5000, intervalMs: 1 });
  assert.equal(third, 3);
  assert.equal(await pollUntil(() => undefined, { timeoutMs: 5, intervalMs: 1 }), undefined);
});

Deno.test("withTimeout() passes results and errors on, and limits the time", async () => {
  assert.equal(await withTimeout(5000, Promise.resolve(7)), 7);
  await assert.rejects(withTimeout(5000, Promise.reject(new Error("broken"))), /broken/);
  await assert.rejects(withTimeout(5, new Promise(() => {})), TimeoutError);
});

Deno.test("ignoreTimeout() ignores the time limit only", () => {
  ignoreTimeout(new TimeoutError());
  assert.throws(() => ignoreTimeout(new Error("broken")), /broken/);
});
