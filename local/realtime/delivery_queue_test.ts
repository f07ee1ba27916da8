import assert from "node:assert/strict";
import { DeliveryQueue } from "./delivery_queue.ts";
import { parsePosition, type Transaction } from "./transactions.ts";

const transaction = (end: bigint): Transaction => ({ end, committedAt: new Date(0), changes: [] });

Deno.test("a transaction that was not delivered is delivered again, and one that came twice once", async () => {
  const delivered: bigint[] = [];
  const confirmed: bigint[] = [];
  const failures: unknown[] = [];
  const done = Promise.withResolvers<void>();
  let fails = true;
  const queue = new DeliveryQueue({
    deliver(transactions) {
      if (fails) {
        fails = false;
        return Promise.reject(new Error("cut"));
      }
      delivered.push(...transactions.map(({ end }) => end));
      return Promise.resolve();
    },
    onDelivered(position) {
      confirmed.push(position);
      if (position === 3n) done.resolve();
    },
    onFailure: (error) => failures.push(error),
  });
  for (const end of [1n, 2n, 1n, 2n, 3n]) queue.add(transaction(end));
  assert.equal(queue.isEmpty, false, "nothing is confirmed before it is delivered");
  await done.promise;
  await queue.stop();
  assert.deepEqual(delivered, [1n, 2n, 3n]);
  assert.equal(confirmed.at(-1), 3n);
  assert.equal(failures.length, 1);
  assert.equal(queue.isEmpty, true);
});

Deno.test("a position of Postgres's log is a number of 64 bits", () => {
  assert.equal(parsePosition("16/B374D848"), 0x16_B374D848n);
  assert.ok(parsePosition("1/0") > parsePosition("0/FFFFFFFF"));
});
