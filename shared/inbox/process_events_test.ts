import assert from "node:assert/strict";
import { Drainer, type EventHandler, type EventResult } from "./process_events.ts";
import type { ClaimedEvent, Inbox } from "./inbox.ts";

// Every event is logged; here nobody reads that.
const quiet = () => {};
Object.assign(console, { info: quiet, warn: quiet, error: quiet });

/** An inbox in memory, with the claims and settlements that it saw. */
class MemoryInbox {
  readonly waiting: ClaimedEvent[] = [];
  readonly claims: number[] = [];
  readonly failures: [number, string, number | undefined][] = [];
  readonly ignored: [number, string][] = [];

  add(...ids: number[]): void {
    for (const event_id of ids) {
      this.waiting.push({
        event_id,
        attempt: 1,
        source: "tiktok",
        event_type: "ORDER_STATUS_CHANGE",
        shop_id: null,
        object_id: null,
        body: "",
        shop: null,
      });
    }
  }

  claim(limit: number): Promise<ClaimedEvent[]> {
    this.claims.push(limit);
    return Promise.resolve(this.waiting.splice(0, limit));
  }

  ignore(event: ClaimedEvent, reason: string): Promise<void> {
    this.ignored.push([event.event_id, reason]);
    return Promise.resolve();
  }

  fail(event: ClaimedEvent, error: string, retryAfter?: number): Promise<string> {
    this.failures.push([event.event_id, error, retryAfter]);
    return Promise.resolve("pending");
  }
}

/** Works each event by itself. */
function each(work: (event: ClaimedEvent) => Promise<EventResult>): EventHandler {
  return {
    groupOf: (event) => String(event.event_id),
    work: ([event]) => work(event as ClaimedEvent).then((result) => [result]),
  };
}

const asInbox = (inbox: MemoryInbox) => inbox as unknown as Inbox;

Deno.test("drain() asks the inbox once when it gives fewer events than it was asked for", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1, 2, 3);
  const drainer = new Drainer(asInbox(inbox), {
    batchSize: 8,
    handlers: { tiktok: each(() => Promise.resolve({ outcome: "inserted" })) },
  });
  assert.deepEqual(await drainer.drain(), { inserted: 3 });
  assert.deepEqual(inbox.claims, [8]);
});

Deno.test("drain() never works more events at once than it may", async () => {
  const inbox = new MemoryInbox();
  inbox.add(...Array.from({ length: 20 }, (_, i) => i));
  let [working, most] = [0, 0];
  const drainer = new Drainer(asInbox(inbox), {
    concurrency: 4,
    batchSize: 6,
    handlers: {
      tiktok: each(async () => {
        most = Math.max(most, ++working);
        await Promise.resolve();
        working--;
        return { outcome: "done" };
      }),
    },
  });
  assert.deepEqual(await drainer.drain(), { done: 20 });
  assert.equal(most, 4);
});

Deno.test("drain() takes an event that arrives while another one hangs", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1);
  const hanging = Promise.withResolvers<{ outcome: string }>();
  const second = Promise.withResolvers<void>();
  const drainer = new Drainer(asInbox(inbox), {
    concurrency: 2,
    batchSize: 1,
    handlers: {
      tiktok: each((event) => {
        if (event.event_id === 1) return hanging.promise;
        second.resolve();
        return Promise.resolve({ outcome: "done" });
      }),
    },
  });
  const first = drainer.drain();
  await Promise.resolve();
  inbox.add(2);
  const joined = drainer.drain();
  await second.promise;
  hanging.resolve({ outcome: "late" });
  assert.deepEqual(await first, { done: 1, late: 1 });
  assert.equal(await joined, await first);
});

Deno.test("drain() claims nothing after its time is over, and finishes what it has", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1, 2, 3);
  let now = 0;
  const drainer = new Drainer(asInbox(inbox), {
    concurrency: 1,
    batchSize: 1,
    budgetMs: 100,
    now: () => now,
    handlers: {
      tiktok: each(() => {
        now += 60;
        return Promise.resolve({ outcome: "done" });
      }),
    },
  });
  assert.deepEqual(await drainer.drain(), { done: 2 });
  assert.equal(inbox.waiting.length, 1);
});

Deno.test("drain() puts a failed event back with its error and the wait that was asked for", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1, 2);
  const drainer = new Drainer(asInbox(inbox), {
    handlers: {
      tiktok: each((event) => {
        if (event.event_id === 2) return Promise.resolve({ ignored: "nothing to do" });
        return Promise.reject(Object.assign(new Error("no answer"), { retryAfterSeconds: 9 }));
      }),
    },
  });
  assert.deepEqual(await drainer.drain(), { failed: 1, ignored: 1 });
  assert.deepEqual(inbox.failures, [[1, "Error: no answer", 9]]);
  assert.deepEqual(inbox.ignored, [[2, "nothing to do"]]);
});

Deno.test("drain() can be called again after the database was away", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1);
  const claim = inbox.claim.bind(inbox);
  inbox.claim = () => Promise.reject(new Error("away"));
  const drainer = new Drainer(asInbox(inbox), {
    handlers: { tiktok: each(() => Promise.resolve({ outcome: "done" })) },
  });
  await assert.rejects(drainer.drain(), /away/);
  inbox.claim = claim;
  assert.deepEqual(await drainer.drain(), { done: 1 });
});

Deno.test("drain() works events of a group by one call, of at most the group's size, and settles each", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1, 2, 3, 4, 5, 6, 7);
  const calls: number[][] = [];
  const drainer = new Drainer(asInbox(inbox), {
    groupSize: 3,
    handlers: {
      tiktok: {
        groupOf: (event) => event.event_id % 2 === 0 ? "even" : "odd",
        work: (events) => {
          calls.push(events.map((event) => event.event_id));
          return Promise.resolve(events.map(({ event_id }): EventResult => {
            if (event_id === 3) return { error: new Error("bad") };
            return event_id === 4 ? { ignored: "nothing" } : { outcome: "done" };
          }));
        },
      },
    },
  });
  assert.deepEqual(await drainer.drain(), { done: 5, failed: 1, ignored: 1 });
  assert.deepEqual(calls, [[1, 3, 5], [7], [2, 4, 6]]);
  assert.deepEqual(inbox.failures, [[3, "Error: bad", undefined]]);
  assert.deepEqual(inbox.ignored, [[4, "nothing"]]);
});

Deno.test("drain() puts a whole group back when its handler throws or says too little", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1, 2);
  const group = { groupOf: () => "all" };
  const thrown = new Drainer(asInbox(inbox), {
    handlers: { tiktok: { ...group, work: () => Promise.reject(new Error("away")) } },
  });
  assert.deepEqual(await thrown.drain(), { failed: 2 });
  inbox.add(3, 4);
  const silent = new Drainer(asInbox(inbox), {
    handlers: { tiktok: { ...group, work: () => Promise.resolve([{ outcome: "done" }]) } },
  });
  assert.deepEqual(await silent.drain(), { done: 1, failed: 1 });
});

Deno.test("drain() looks again when an event has put others into the inbox", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1);
  const drainer = new Drainer(asInbox(inbox), {
    handlers: {
      tiktok: each((event) => {
        if (event.event_id < 3) inbox.add(event.event_id + 1);
        return Promise.resolve({ outcome: "done", more: event.event_id < 3 });
      }),
    },
  });
  assert.deepEqual(await drainer.drain(), { done: 3 });
});
