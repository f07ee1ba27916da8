import assert from "node:assert/strict";
import { inGroups } from "./in_groups.ts";

Deno.test("what waits while a call is under way goes into the next one, and each gets its own result", async () => {
  const groups: number[][] = [];
  const first = Promise.withResolvers<void>();
  const double = inGroups(3, async (items: number[]) => {
    groups.push(items);
    if (groups.length === 1) await first.promise;
    if (items.includes(6)) throw new Error("refused");
    return items.map((item) => item * 2);
  });
  const results = Promise.allSettled([1, 2, 3, 4, 5, 6].map(double));
  first.resolve();
  const texts = (await results).map((result) =>
    result.status === "fulfilled" ? result.value : result.reason.message
  );
  assert.deepEqual(groups, [[1], [2, 3, 4], [5, 6]]);
  assert.deepEqual(texts, [2, 4, 6, 8, "refused", "refused"]);
  assert.equal(await double(7), 14);
});
