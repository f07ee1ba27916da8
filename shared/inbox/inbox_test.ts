import assert from "node:assert/strict";
import type { DatabaseClient } from "../database/client.ts";
import { Inbox } from "./inbox.ts";

/** A database whose calls return these numbers, the last one again and again. */
function databaseOf(answers: number[]) {
  const calls: string[] = [];
  const rpc = (name: string) => {
    const data = answers[Math.min(calls.push(name), answers.length) - 1];
    return Promise.resolve({ data, error: null });
  };
  return { calls, database: { rpc } as unknown as DatabaseClient };
}

Deno.test("held events are released call by call, until none is left", async () => {
  const { calls, database } = databaseOf([1000, 1000, 7, 0]);
  assert.equal(await new Inbox(database).releaseHeld(), 2007);
  assert.deepEqual(calls, Array(4).fill("release_held_events"));
});

Deno.test("no further call releases held events after the budget", async () => {
  const { calls, database } = databaseOf([1000]);
  const times = [0, 2000, 4000, 5000].values();
  const now = () => times.next().value ?? 0;
  assert.equal(await new Inbox(database).releaseHeld({ now }), 3000);
  assert.equal(calls.length, 3);
});
