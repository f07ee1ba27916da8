import assert from "node:assert/strict";
import { setImmediate as endOfTurn } from "node:timers/promises";
import type { ClaimedEvent } from "./events.ts";
import { type EventStatus, type Settlement, Settlements } from "./settlements.ts";

const event = (event_id: number) => ({ event_id }) as ClaimedEvent;
const IGNORED: Settlement = { ignored: "no_order_named" };

/** An inbox whose calls are answered by the test. */
function makeInbox() {
  const calls: { ids: number[]; answer: PromiseWithResolvers<(EventStatus | null)[]> }[] = [];
  const settle = (results: readonly [ClaimedEvent, Settlement][]) => {
    const answer = Promise.withResolvers<(EventStatus | null)[]>();
    calls.push({ ids: results.map(([{ event_id }]) => event_id), answer });
    return answer.promise;
  };
  return { calls, inbox: { settle } };
}

Deno.test("results that are ready during a call share the next one, and each gets its own status", async () => {
  const { calls, inbox } = makeInbox();
  const settlements = new Settlements(inbox);
  const first = settlements.settle(event(1), IGNORED);
  await endOfTurn();
  const later = [2, 3, 4].map((id) => settlements.settle(event(id), IGNORED));
  assert.deepEqual(calls.map(({ ids }) => ids), [[1]]);

  calls[0]?.answer.resolve(["ignored"]);
  assert.equal(await first, "ignored");
  await endOfTurn();
  assert.deepEqual(calls.map(({ ids }) => ids), [[1], [2, 3, 4]]);
  calls[1]?.answer.resolve(["ignored", null, "failing"]);
  assert.deepEqual(await Promise.all(later), ["ignored", null, "failing"]);
});

Deno.test("results of one turn of the event loop share a call, also those that come one after the other", async () => {
  const { calls, inbox } = makeInbox();
  const settlements = new Settlements(inbox);
  const all: Promise<EventStatus | null>[] = [];
  for (let id = 0; id < 20; id++) {
    all.push(settlements.settle(event(id), IGNORED));
    for (let step = 0; step < 10; step++) await Promise.resolve();
  }
  assert.equal(calls.length, 0);
  await endOfTurn();
  assert.equal(calls[0]?.ids.length, 20);
  calls[0]?.answer.resolve(Array(20).fill("ignored"));
  await Promise.all(all);
  assert.equal(calls.length, 1);
});

Deno.test("a call that fails rejects its results, and the next call still runs", async () => {
  const { calls, inbox } = makeInbox();
  const settlements = new Settlements(inbox);
  const failing = [1, 2].map((id) => settlements.settle(event(id), IGNORED));
  await endOfTurn();
  const next = settlements.settle(event(3), IGNORED);
  calls[0]?.answer.reject(new Error("unreachable"));
  for (const result of failing) await assert.rejects(result, /unreachable/);
  assert.deepEqual(calls.map(({ ids }) => ids), [[1, 2], [3]]);
  calls[1]?.answer.resolve(["dead"]);
  assert.equal(await next, "dead");
});

Deno.test("one call settles at most 100 events", async () => {
  const { calls, inbox } = makeInbox();
  const settlements = new Settlements(inbox);
  const all = Array.from({ length: 130 }, (_, id) => settlements.settle(event(id), IGNORED));
  await endOfTurn();
  calls[0]?.answer.resolve(Array(100).fill("ignored"));
  await all[99];
  await endOfTurn();
  assert.deepEqual(calls.map(({ ids }) => ids.length), [100, 30]);
  calls[1]?.answer.resolve(Array(30).fill("ignored"));
  assert.equal((await Promise.all(all)).length, 130);
});

Deno.test("the results of locked events are reported again, together and then alone", async () => {
  const { calls, inbox } = makeInbox();
  const settlements = new Settlements(inbox);
  const all = [1, 2, 3].map((id) => settlements.settle(event(id), IGNORED));
  await endOfTurn();
  calls[0]?.answer.resolve(["locked", "ignored", "locked"]);
  assert.equal(await all[1], "ignored");
  await endOfTurn();
  calls[1]?.answer.resolve(["locked", "dead"]);
  assert.equal(await all[2], "dead");
  await endOfTurn();
  calls[2]?.answer.resolve([null]);
  assert.equal(await all[0], null);
  assert.deepEqual(calls.map(({ ids }) => ids), [[1, 2, 3], [1, 3], [1]]);
});
