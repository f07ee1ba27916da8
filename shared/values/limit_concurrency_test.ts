import assert from "node:assert/strict";
import { limitConcurrency } from "./limit_concurrency.ts";

Deno.test("at most so many calls run at once, in their order, and a failed one frees its place", async () => {
  const limit = limitConcurrency(2);
  const started: number[] = [];
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const calls = gates.map(({ promise }, n) =>
    limit(() => {
      started.push(n);
      return promise;
    })
  );
  const settled = Promise.allSettled(calls);
  await Promise.resolve();
  assert.deepEqual(started, [0, 1]);
  gates[1]?.reject(new Error("refused"));
  await assert.rejects(calls[1] as Promise<number>, /refused/);
  await Promise.resolve();
  assert.deepEqual(started, [0, 1, 2]);
  for (const [n, { resolve }] of gates.entries()) resolve(n);
  const results = await settled;
  assert.deepEqual(started, [0, 1, 2, 3, 4]);
  assert.deepEqual(results.map((result) => result.status === "fulfilled" ? result.value : "-"), [
    0,
    "-",
    2,
    3,
    4,
  ]);
});
