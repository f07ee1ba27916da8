import assert from "node:assert/strict";
import { keepFor } from "./keep_for.ts";

Deno.test("a kept result is read once in its time, also by concurrent callers, and again afterwards", async () => {
  let time = 1000;
  let reads = 0;
  const read = keepFor(5000, () => Promise.resolve(++reads), () => time);

  assert.deepEqual(await Promise.all([read(), read(), read()]), [1, 1, 1]);
  time += 4999;
  assert.equal(await read(), 1);
  time += 1;
  assert.deepEqual(await Promise.all([read(), read()]), [2, 2]);
  assert.equal(reads, 2);
});
