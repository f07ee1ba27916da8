/** Processes the inbox: claims due events, handles several groups concurrently, settles each event. */
import { LoggableError } from "../loggable_error.ts";
import { runInContext, workContext } from "../logging/context.ts";
import { inTrace } from "../logging/spans.ts";
import { eventFields } from "./event_fields.ts";
import type { ClaimedEvent, EventResult } from "./events.ts";
import { type EventGroup, FairQueue } from "./fair_queue.ts";
import { type EventRoutes, findHandler } from "./find_handler.ts";
import { groupEvents } from "./group_events.ts";
import type { Inbox } from "./inbox.ts";
import { settleResult } from "./settle_result.ts";
import { Settlements, type Unstarted } from "./settlements.ts";

export interface ProcessorOptions {
  /** Groups handled concurrently. @default {8} */
  concurrency?: number;
  /** Events per claim. @default {100} */
  batchSize?: number;
  /** Events of one group handled by one call. @default {50} */
  groupSize?: number;
  /** Lease of a claim; after it another worker may claim the events. @default {120} */
  leaseSeconds?: number;
  /** Positive. So long after its last call the run claims nothing more, and finishes claimed events. @default {50000} */
  budgetMs?: number;
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
}

/** The part of the inbox that a processor uses. */
type ClaimInbox = Pick<Inbox, "claim" | "settle">;

/** Number of events by outcome, e.g. `{ inserted: 3, ignored: 1, failed: 1 }`. */
export type ProcessSummary = Record<string, number>;

export class EventProcessor {
  readonly #inbox: ClaimInbox;
  readonly #routes: EventRoutes;
  readonly #options: Required<ProcessorOptions>;
  #running: Promise<ProcessSummary> | undefined;
  /** Resolved when a run has to look again: an event arrived, or was handled or settled. */
  #change = Promise.withResolvers<void>();
  #mayHaveMore = false;
  /** When the run claims nothing more. */
  #end = 0;
  readonly #settlements: Settlements;

  constructor(inbox: ClaimInbox, routes: EventRoutes, options: ProcessorOptions = {}) {
    this.#inbox = inbox;
    this.#routes = routes;
    this.#settlements = new Settlements(inbox);
    this.#options = {
      concurrency: 8,
      batchSize: 100,
      groupSize: 50,
      leaseSeconds: 120,
      budgetMs: 50_000,
      now: Date.now,
      ...options,
    };
  }

  /**
   * Processes due events until none is left. Only one run is active: a call during it makes it claim
   * again, and resolves with its summary. If the last claim failed, it rejects at the end.
   */
  processEvents(): Promise<ProcessSummary> {
    this.#mayHaveMore = true;
    this.#end = this.#options.now() + this.#options.budgetMs;
    this.#change.resolve();
    // Its events belong to other requests than this one, which only begins it.
    const { function: name } = workContext().fields;
    return this.#running ??= runInContext(
      { fields: { function: name } },
      () => this.#runUntilDone(),
    );
  }

  /** Handles and settles an event that the caller has claimed already. */
  async processClaimed(event: ClaimedEvent): Promise<void> {
    await this.#startGroup([event], {}).settled;
  }

  async #runUntilDone(): Promise<ProcessSummary> {
    const { concurrency, batchSize, leaseSeconds, now } = this.#options;
    const summary: ProcessSummary = {};
    const queue = new FairQueue(concurrency);
    let leftOut: string[] = [];
    /** Error of the last claim. */
    let failure: { error: unknown } | undefined;
    // Groups being handled; handled events whose result is being stored, which take no slot.
    let [running, settling] = [0, 0];
    const afterSettling = (group: EventGroup, settled: Promise<unknown>) => {
      settling += group.length;
      void settled.then(() => {
        settling -= group.length;
        this.#change.resolve();
      });
    };
    const start = (group: EventGroup) => {
      const { handled, settled } = this.#startGroup(group, summary);
      running++;
      void handled.then(() => {
        queue.release(group);
        running--;
        afterSettling(group, settled);
        this.#change.resolve();
      });
    };
    const giveBack = (group: EventGroup) => {
      const unstarted = { unstarted: true } as const;
      const events = group.map((event) => this.#settleEvent(event, unstarted, summary));
      afterSettling(group, Promise.all(events));
    };
    try {
      while (true) {
        this.#change = Promise.withResolvers();
        // A handler that starts later may outlast the lease: another worker would handle the event too.
        queue.removeOlder(now() - leaseSeconds * 500).forEach(giveBack);
        for (let group = queue.take(); group !== undefined; group = queue.take()) start(group);
        const full = queue.fullShops();
        const mayHaveMore = this.#mayHaveMore || leftOut.some((shop) => !full.includes(shop));
        const mayClaim = queue.hasFreeSlot && settling < batchSize && now() < this.#end;
        if (mayHaveMore && mayClaim) {
          const claimedAt = now();
          try {
            queue.add(await this.#claimGroups(full), claimedAt);
            [leftOut, failure] = [full, undefined];
          } catch (error) {
            // Claimed events are still handled: left alone, each would count a crash when its lease expires.
            [leftOut, failure] = [[], { error }];
          }
        } else if (running === 0 && settling === 0) {
          if (failure !== undefined) throw failure.error;
          return summary;
        } else {
          await this.#change.promise;
        }
      }
    } finally {
      // Cleared synchronously after the last check, so a later call starts another run.
      this.#running = undefined;
    }
  }

  /** @param fullShops Shops whose events would have to wait. */
  async #claimGroups(fullShops: string[]): Promise<EventGroup[]> {
    const { batchSize, groupSize, leaseSeconds } = this.#options;
    this.#mayHaveMore = false;
    const events = await this.#inbox.claim(batchSize, leaseSeconds, fullShops);
    // A claim takes few failing events, however many are due.
    if (events.length === batchSize || events.some(({ failing }) => failing)) {
      this.#mayHaveMore = true;
    }
    return await groupEvents(events, this.#routes, groupSize);
  }

  /**
   * Each event in its own trace; what is done for the whole group is in that of the first.
   * @returns When the handler has returned, and when its results are stored; neither rejects.
   */
  #startGroup(
    group: ClaimedEvent[],
    summary: ProcessSummary,
  ): { handled: Promise<void>; settled: Promise<void> } {
    const { function: name } = workContext().fields;
    const handled = Promise.withResolvers<void>();
    let results: Promise<EventResult[]> | undefined;
    const processing = group.map((event, n) => {
      const { event_id, attempt, request_id } = event;
      const fields = { function: name, request_id, event_id, ...eventFields(event), attempt };
      return inTrace("process event", fields, async () => {
        results ??= this.#handleGroup(group);
        const result = (await results)[n] ??
          // Made only where it is needed: an error reads the stack.
          { error: new LoggableError("The handler returned no result") };
        handled.resolve();
        await this.#settleEvent(event, result, summary);
      }, event.traceparent);
    });
    const settled = Promise.allSettled(processing).then(() => handled.resolve());
    return { handled: handled.promise, settled };
  }

  /** Never rejects. Lines about a whole group name its shop, and no single event. */
  async #handleGroup(group: ClaimedEvent[]): Promise<EventResult[]> {
    const [first] = group as [ClaimedEvent];
    const handler = findHandler(this.#routes, first);
    if (handler === undefined) return group.map(() => ({ ignored: "event_type_not_handled" }));
    const { fields, ...context } = workContext();
    const { function: name, trace_id } = fields;
    const shared = { function: name, trace_id, source: first.source, shop_id: first.shop_id };
    try {
      return await (group.length === 1
        ? handler.handle(group)
        : runInContext({ ...context, fields: shared }, () => handler.handle(group)));
    } catch (error) {
      return group.map(() => ({ error }));
    }
  }

  async #settleEvent(
    event: ClaimedEvent,
    result: EventResult | Unstarted,
    summary: ProcessSummary,
  ): Promise<void> {
    if ("outcome" in result && result.more) this.#mayHaveMore = true;
    const outcome = await settleResult(this.#settlements, event, result);
    if (outcome !== undefined) summary[outcome] = (summary[outcome] ?? 0) + 1;
  }
}
