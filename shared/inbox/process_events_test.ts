import assert from "node:assert/strict";
import { ConfigError } from "../config.ts";
import { type ClaimedEvent, type EventResult, handleEach, type Postponement } from "./events.ts";
import { EventProcessor } from "./process_events.ts";
import { LoggableError } from "../loggable_error.ts";
import type { EventStatus, Settlement } from "./settlements.ts";

// Every event is logged: not needed here.
const quiet = () => {};
Object.assign(console, { info: quiet, warn: quiet, error: quiet });

/** An inbox in memory that records claims and settlements. */
class MemoryInbox {
  readonly waiting: ClaimedEvent[] = [];
  readonly claims: number[] = [];
  /** The shops that each claim leaves out. */
  readonly leftOut: string[][] = [];
  readonly failures: [number, string, number | undefined][] = [];
  readonly ignored: [number, string][] = [];
  readonly postponed: [number, string, Postponement][] = [];
  readonly unstarted: number[] = [];

  add(...ids: number[]): void {
    this.addOf(null, ...ids);
  }

  addOf(shop_id: string | null, ...ids: number[]): void {
    for (const event_id of ids) {
      this.waiting.push({
        event_id,
        claim: 1,
        claimed_at: "2026-11-01T00:00:00Z",
        attempt: 1,
        failing: false,
        source: "tiktok",
        event_type: "ORDER_STATUS_CHANGE",
        shop_id,
        object_id: null,
        body: "",
        shop: null,
        request_id: null,
        traceparent: null,
      });
    }
  }

  claim(limit: number, _lease: number, exceptShops: string[]): Promise<ClaimedEvent[]> {
    this.claims.push(limit);
    this.leftOut.push(exceptShops);
    const claimed = this.waiting.filter(({ shop_id }) => !exceptShops.includes(shop_id ?? ""))
      .slice(0, limit);
    for (const event of claimed) this.waiting.splice(this.waiting.indexOf(event), 1);
    return Promise.resolve(claimed);
  }

  settle(results: readonly [ClaimedEvent, Settlement][]): Promise<EventStatus[]> {
    return Promise.resolve(results.map(([{ event_id }, settlement]) => {
      if ("ignored" in settlement) {
        this.ignored.push([event_id, settlement.ignored]);
        return "ignored";
      }
      if ("unstarted" in settlement) {
        this.unstarted.push(event_id);
      } else if ("failed" in settlement) {
        this.failures.push([event_id, settlement.failed, settlement.retryAfterSeconds]);
      } else {
        this.postponed.push([event_id, settlement.postponed, settlement.postponement]);
      }
      return "pending";
    }));
  }
}

/** Routes for the only type of event here. */
const route = (handle: (event: ClaimedEvent) => Promise<EventResult>) => ({
  tiktok: { ORDER_STATUS_CHANGE: handleEach(handle) },
});

Deno.test("processEvents() claims once when it gets fewer events than its limit", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1, 2, 3);
  const processor = new EventProcessor(
    inbox,
    route(() => Promise.resolve({ outcome: "inserted" })),
    { batchSize: 8 },
  );
  assert.deepEqual(await processor.processEvents(), { inserted: 3 });
  assert.deepEqual(inbox.claims, [8]);
});

Deno.test("processEvents() never handles more events at once than `concurrency`", async () => {
  const inbox = new MemoryInbox();
  inbox.add(...Array.from({ length: 20 }, (_, i) => i));
  let [running, most] = [0, 0];
  const processor = new EventProcessor(
    inbox,
    route(async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return { outcome: "done" };
    }),
    { concurrency: 4, batchSize: 6 },
  );
  assert.deepEqual(await processor.processEvents(), { done: 20 });
  assert.equal(most, 4);
});

Deno.test("processEvents() handles an event that arrives while another one hangs", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1);
  const hanging = Promise.withResolvers<{ outcome: string }>();
  const second = Promise.withResolvers<void>();
  const processor = new EventProcessor(
    inbox,
    route((event) => {
      if (event.event_id === 1) return hanging.promise;
      second.resolve();
      return Promise.resolve({ outcome: "done" });
    }),
    { concurrency: 2, batchSize: 1 },
  );
  const first = processor.processEvents();
  await Promise.resolve();
  inbox.add(2);
  const joined = processor.processEvents();
  await second.promise;
  hanging.resolve({ outcome: "late" });
  assert.deepEqual(await first, { done: 1, late: 1 });
  assert.equal(await joined, await first);
});

Deno.test("processEvents() handles an event of another shop while one shop has more events than slots", async () => {
  const inbox = new MemoryInbox();
  inbox.addOf("large", 1, 2, 3, 4, 5, 6, 7, 8);
  const hanging = Promise.withResolvers<{ outcome: string }>();
  const other = Promise.withResolvers<void>();
  const started: number[] = [];
  const processor = new EventProcessor(
    inbox,
    route((event) => {
      started.push(event.event_id);
      if (event.shop_id === "large") return hanging.promise;
      other.resolve();
      return Promise.resolve({ outcome: "done" });
    }),
    { concurrency: 8, batchSize: 3 },
  );
  const first = processor.processEvents();
  // The large shop has its slots, and what else waits was claimed.
  while (inbox.leftOut.length < 2) await Promise.resolve();
  assert.deepEqual(started, [1, 2]);
  inbox.addOf("other", 9);
  void processor.processEvents();
  await other.promise;
  assert.deepEqual(started, [1, 2, 9]);
  assert.deepEqual(inbox.leftOut.at(-1), ["large"]);
  hanging.resolve({ outcome: "late" });
  assert.deepEqual(await first, { late: 8, done: 1 });
});

Deno.test("processEvents() claims again after failing events, of which a claim takes only a few", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1);
  for (const event of inbox.waiting) event.failing = true;
  const processor = new EventProcessor(
    inbox,
    route(() => Promise.resolve({ outcome: "done" })),
    { batchSize: 8 },
  );
  assert.deepEqual(await processor.processEvents(), { done: 1 });
  assert.deepEqual(inbox.claims, [8, 8]);
});

Deno.test("an error whose cause is a postponement costs the event no attempt", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1);
  const cause = Object.assign(new LoggableError("TikTok has deactivated the shop"), {
    postponeSeconds: 600,
    whilePaused: true,
  });
  const processor = new EventProcessor(
    inbox,
    route(() => Promise.reject(new LoggableError("shop_paused", { cause }))),
  );
  assert.deepEqual(await processor.processEvents(), { postponed: 1 });
  assert.deepEqual(inbox.failures, []);
  const [[, error, { postponeSeconds, whilePaused }]] = inbox.postponed as [
    [number, string, Postponement],
  ];
  assert.deepEqual([error, postponeSeconds, whilePaused], [
    "LoggableError: shop_paused",
    600,
    true,
  ]);
});

Deno.test("processEvents() claims nothing after its budget, and finishes claimed events", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1, 2, 3);
  let now = 0;
  const processor = new EventProcessor(
    inbox,
    route(() => {
      now += 60;
      return Promise.resolve({ outcome: "done" });
    }),
    { concurrency: 1, batchSize: 1, budgetMs: 100, now: () => now },
  );
  assert.deepEqual(await processor.processEvents(), { done: 2 });
  assert.equal(inbox.waiting.length, 1);
});

Deno.test("processEvents() gives events back that have waited for half of their lease", async () => {
  const inbox = new MemoryInbox();
  inbox.add(...Array.from({ length: 20 }, (_, id) => id));
  let now = 0;
  const starts: number[] = [];
  const processor = new EventProcessor(
    inbox,
    route(() => {
      starts.push(now);
      // TikTok does not answer.
      now += 10_000;
      return Promise.reject(new LoggableError("did not answer"));
    }),
    { concurrency: 1, batchSize: 20, leaseSeconds: 120, now: () => now },
  );
  assert.deepEqual(await processor.processEvents(), { failed: 6, unstarted: 14 });
  assert.deepEqual(starts, [0, 10_000, 20_000, 30_000, 40_000, 50_000]);
  assert.deepEqual(inbox.unstarted, Array.from({ length: 14 }, (_, n) => n + 6));
});

Deno.test("attack: a wake-up during the last event of a run's budget is not lost", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1);
  let now = 0;
  const processor = new EventProcessor(
    inbox,
    route((event) => {
      now += 200;
      if (event.event_id === 1) {
        inbox.add(2);
        processor.processEvents();
      }
      return Promise.resolve({ outcome: "done" });
    }),
    { budgetMs: 100, now: () => now },
  );
  assert.deepEqual(await processor.processEvents(), { done: 2 });
});

Deno.test("processEvents() puts a failed event back with its error and its retry-after", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1, 2);
  const processor = new EventProcessor(
    inbox,
    route((event) => {
      if (event.event_id === 2) return Promise.resolve({ ignored: "no_order_named" });
      return Promise.reject(
        Object.assign(new LoggableError("no answer"), { retryAfterSeconds: 9 }),
      );
    }),
  );
  assert.deepEqual(await processor.processEvents(), { failed: 1, ignored: 1 });
  assert.deepEqual(inbox.failures, [[1, "LoggableError: no answer", 9]]);
  assert.deepEqual(inbox.ignored, [[2, "no_order_named"]]);
});

Deno.test("processEvents() can be called again after the database was unreachable", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1);
  const claim = inbox.claim.bind(inbox);
  inbox.claim = () => Promise.reject(new Error("unreachable"));
  const processor = new EventProcessor(
    inbox,
    route(() => Promise.resolve({ outcome: "done" })),
  );
  await assert.rejects(processor.processEvents(), /unreachable/);
  inbox.claim = claim;
  assert.deepEqual(await processor.processEvents(), { done: 1 });
});

Deno.test("processEvents() finishes what it has claimed when the next claim fails, and then rejects", async () => {
  const inbox = new MemoryInbox();
  inbox.addOf("large", 1, 2, 3, 4, 5, 6);
  const claim = inbox.claim.bind(inbox);
  inbox.claim = (limit, lease, exceptShops) =>
    inbox.claims.length > 0
      ? Promise.reject(new Error("unreachable"))
      : claim(limit, lease, exceptShops);
  const handled: number[] = [];
  const processor = new EventProcessor(
    inbox,
    route((event) => {
      handled.push(event.event_id);
      return Promise.resolve({ outcome: "done" });
    }),
    { batchSize: 6 },
  );
  await assert.rejects(processor.processEvents(), /unreachable/);
  assert.deepEqual(handled, [1, 2, 3, 4, 5, 6]);
});

Deno.test("processEvents() handles a group by one call of at most `groupSize` events, and settles each", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1, 2, 3, 4, 5, 6, 7);
  const calls: number[][] = [];
  const processor = new EventProcessor(inbox, {
    tiktok: {
      ORDER_STATUS_CHANGE: {
        groupOf: (event) => event.event_id % 2 === 0 ? "even" : "odd",
        handle: (events) => {
          calls.push(events.map((event) => event.event_id));
          return Promise.resolve(events.map(({ event_id }): EventResult => {
            if (event_id === 3) return { error: new LoggableError("bad") };
            return event_id === 4 ? { ignored: "no_order_named" } : { outcome: "done" };
          }));
        },
      },
    },
  }, { groupSize: 3 });
  assert.deepEqual(await processor.processEvents(), { done: 5, failed: 1, ignored: 1 });
  assert.deepEqual(calls, [[1, 3, 5], [2, 4, 6], [7]]);
  assert.deepEqual(inbox.failures, [[3, "LoggableError: bad", undefined]]);
  assert.deepEqual(inbox.ignored, [[4, "no_order_named"]]);
});

Deno.test("processEvents() puts a whole group back when its handler throws or returns too few results", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1, 2);
  const group = { groupOf: () => "all" };
  const thrown = new EventProcessor(inbox, {
    tiktok: {
      ORDER_STATUS_CHANGE: {
        ...group,
        handle: () => Promise.reject(new Error("unreachable")),
      },
    },
  });
  assert.deepEqual(await thrown.processEvents(), { failed: 2 });
  inbox.add(3, 4);
  const silent = new EventProcessor(inbox, {
    tiktok: {
      ORDER_STATUS_CHANGE: {
        ...group,
        handle: () => Promise.resolve([{ outcome: "done" }]),
      },
    },
  });
  assert.deepEqual(await silent.processEvents(), { done: 1, failed: 1 });
});

Deno.test("processEvents() claims again when an event has stored others", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1);
  const processor = new EventProcessor(
    inbox,
    route((event) => {
      if (event.event_id < 3) inbox.add(event.event_id + 1);
      return Promise.resolve({ outcome: "done", more: event.event_id < 3 });
    }),
  );
  assert.deepEqual(await processor.processEvents(), { done: 3 });
});

Deno.test("processEvents() postpones an event whose handler lacks a variable, and counts no failure", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1);
  const missing = new ConfigError("STRIPE_SECRET_KEY is not set.");
  const processor = new EventProcessor(inbox, route(() => Promise.reject(missing)));
  assert.deepEqual(await processor.processEvents(), { postponed: 1 });
  assert.deepEqual(inbox.postponed, [[1, "ConfigError: STRIPE_SECRET_KEY is not set.", {
    postponeSeconds: 300,
  }]]);
  assert.deepEqual(inbox.failures, []);
});

Deno.test("processEvents() ignores events without a route, and finds a route by the beginning of a type", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1, 2, 3);
  const types = ["tracker.updated", "batch.created", "toString"];
  inbox.waiting.forEach((event, n) => event.event_type = types[n] as string);
  const tracker = handleEach(() => Promise.resolve({ outcome: "tracked" }));
  const processor = new EventProcessor(inbox, { tiktok: { "tracker.*": tracker } });
  assert.deepEqual(await processor.processEvents(), { tracked: 1, ignored: 2 });
  assert.deepEqual(inbox.ignored, [[2, "event_type_not_handled"], [3, "event_type_not_handled"]]);
});

Deno.test("processEvents() fails an event whose handler cannot be loaded, and handles the others", async () => {
  const inbox = new MemoryInbox();
  inbox.add(1, 2);
  for (const event of inbox.waiting.slice(0, 1)) event.event_type = "PACKAGE_UPDATE";
  const broken = () => Promise.reject(new LoggableError("not loaded"));
  const processor = new EventProcessor(inbox, {
    tiktok: {
      ...route(() => Promise.resolve({ outcome: "done" })).tiktok,
      PACKAGE_UPDATE: { groupOf: broken, handle: broken },
    },
  });
  assert.deepEqual(await processor.processEvents(), { done: 1, failed: 1 });
});
