import assert from "node:assert/strict";
import type { ClaimedEvent } from "./events.ts";
import { FairQueue } from "./fair_queue.ts";

const groupOf = (shop_id: string | null) => [{ shop_id } as ClaimedEvent];

/** The shops whose groups may start now, in their order. */
function takeAll(queue: FairQueue): (string | null)[] {
  const shops: (string | null)[] = [];
  for (let group = queue.take(); group !== undefined; group = queue.take()) {
    shops.push(group[0]?.shop_id ?? null);
  }
  return shops;
}

Deno.test("a shop that is alone takes two of eight slots, and each of the next shops finds one", () => {
  const queue = new FairQueue(8);
  queue.add(Array.from({ length: 20 }, () => groupOf("a")), 0);
  assert.deepEqual(takeAll(queue), ["a", "a"]);
  assert.deepEqual(queue.fullShops(), ["a"]);
  queue.add(["b", "b", "b", "c", "d", "e", "f", "g"].map(groupOf), 0);
  assert.deepEqual(takeAll(queue), ["b", "b", "c", "d", "e", "f"]);
  assert.equal(queue.hasFreeSlot, false);
});

Deno.test("a released slot goes to the shop that holds fewer than are free, in the order of waiting", () => {
  const queue = new FairQueue(2);
  const [first, second] = [groupOf("a"), groupOf("a")];
  queue.add([first, second], 0);
  assert.equal(queue.take(), first);
  assert.equal(queue.take(), undefined);
  queue.release(first);
  assert.deepEqual(queue.fullShops(), []);
  assert.equal(queue.take(), second);
});

Deno.test("events without a shop may take all slots: they belong to many sellers", () => {
  const queue = new FairQueue(3);
  queue.add(Array.from({ length: 4 }, () => groupOf(null)), 0);
  assert.deepEqual(takeAll(queue), [null, null, null]);
  assert.deepEqual(queue.fullShops(), []);
});

Deno.test("groups that were claimed before a time are taken out, and the others keep their order", () => {
  const queue = new FairQueue(2);
  queue.add([groupOf("a"), groupOf("b")], 10);
  queue.add([groupOf("c")], 20);
  assert.deepEqual(queue.removeOlder(9), []);
  assert.deepEqual(queue.removeOlder(10), [groupOf("a"), groupOf("b")]);
  assert.deepEqual(takeAll(queue), ["c"]);
});
