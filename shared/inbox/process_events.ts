/** Works the inbox: claims events as long as there are any, some groups at once, and settles each event. */
import { errorText, log } from "../log.ts";
import type { ClaimedEvent, EventSource, Inbox } from "./inbox.ts";

/**
 * What became of an event. `ignored`: why it asks for nothing. `outcome`: its effect has settled it, in
 * one transaction; `more` says that others were put into the inbox. `error`: it is put back.
 */
export type EventResult =
  | { ignored: string }
  | { outcome: string; more?: boolean }
  | { error: unknown };

export interface EventHandler {
  /** Events of the same group are worked by one call. */
  groupOf(event: ClaimedEvent): string;
  /** One result for each event, in their order; an exception puts all of them back. */
  work(events: ClaimedEvent[]): Promise<EventResult[]>;
}

export interface DrainOptions {
  handlers: Partial<Record<EventSource, EventHandler>>;
  /** Groups worked at once. @default {8} */
  concurrency?: number;
  /** Events claimed at once. @default {100} */
  batchSize?: number;
  /** Events of one group worked by one call. @default {50} */
  groupSize?: number;
  /** How long a batch may take before another worker may have its events. @default {120} */
  leaseSeconds?: number;
  /** Above 0. No event is claimed after this long; what was claimed is finished. @default {50000} */
  budgetMs?: number;
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
}

/** What a drain did, by outcome, e.g. `{ inserted: 3, ignored: 1, failed: 1 }`. */
export type DrainSummary = Record<string, number>;

/** An exception of a handler may say when to try again. */
function retryAfterOf(error: unknown): number | undefined {
  const seconds = (error as { retryAfterSeconds?: unknown } | null)?.retryAfterSeconds;
  return typeof seconds === "number" ? seconds : undefined;
}

export class Drainer {
  readonly #inbox: Inbox;
  readonly #options: Required<DrainOptions>;
  #running: Promise<DrainSummary> | undefined;
  #wakeUp = Promise.withResolvers<void>();
  #mayHaveMore = false;

  constructor(inbox: Inbox, options: DrainOptions) {
    this.#inbox = inbox;
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
   * Says that there may be something to do. There is one drain at a time: a call while it runs makes it
   * look again at once. Resolves with what that drain did.
   */
  drain(): Promise<DrainSummary> {
    this.#mayHaveMore = true;
    this.#wakeUp.resolve();
    return this.#running ??= this.#run();
  }

  async #run(): Promise<DrainSummary> {
    const { concurrency, budgetMs, now } = this.#options;
    const end = now() + budgetMs;
    const summary: DrainSummary = {};
    const waiting: ClaimedEvent[][] = [];
    const working = new Set<Promise<void>>();
    try {
      while (true) {
        const mayClaim = waiting.length === 0 && working.size < concurrency && now() < end;
        if (mayClaim && this.#mayHaveMore) waiting.push(...await this.#claim());
        for (const group of waiting.splice(0, concurrency - working.size)) {
          const work = this.#work(group, summary).finally(() => working.delete(work));
          working.add(work);
        }
        if (working.size === 0) {
          if (!this.#mayHaveMore || now() >= end) return summary;
        } else if (waiting.length > 0 || working.size >= concurrency || now() >= end) {
          await Promise.race(working);
        } else if (!this.#mayHaveMore) {
          await Promise.race([...working, this.#wakeUp.promise]);
        }
      }
    } finally {
      // In the same turn as the last look: a call from now on starts another drain.
      this.#running = undefined;
    }
  }

  /** Takes a batch, in groups. */
  async #claim(): Promise<ClaimedEvent[][]> {
    const { batchSize, groupSize, leaseSeconds, handlers } = this.#options;
    this.#mayHaveMore = false;
    this.#wakeUp = Promise.withResolvers<void>();
    const events = await this.#inbox.claim(batchSize, leaseSeconds);
    if (events.length === batchSize) this.#mayHaveMore = true;
    const groups = Map.groupBy(
      events,
      (event) => `${event.source} ${handlers[event.source]?.groupOf(event) ?? event.event_id}`,
    );
    return [...groups.values()].flatMap((group) =>
      Array.from(
        { length: Math.ceil(group.length / groupSize) },
        (_, n) => group.slice(n * groupSize, (n + 1) * groupSize),
      )
    );
  }

  async #work(group: ClaimedEvent[], summary: DrainSummary): Promise<void> {
    const [{ source }] = group as [ClaimedEvent];
    const handler = this.#options.handlers[source];
    let results: EventResult[];
    try {
      results = handler
        ? await handler.work(group)
        : group.map(() => ({ ignored: `no handler for ${source}` }));
    } catch (error) {
      results = group.map(() => ({ error }));
    }
    const settling = group.map((event, n) =>
      this.#settle(event, results[n] ?? { error: new Error("The handler gave no result") }, summary)
    );
    await Promise.all(settling);
  }

  async #settle(event: ClaimedEvent, result: EventResult, summary: DrainSummary): Promise<void> {
    const fields = {
      event_id: event.event_id,
      event_type: event.event_type,
      shop_id: event.shop_id,
      attempt: event.attempt,
    };
    const count = (outcome: string) => summary[outcome] = (summary[outcome] ?? 0) + 1;
    try {
      if ("ignored" in result) {
        await this.#inbox.ignore(event, result.ignored);
        count("ignored");
        log.info("event ignored", { ...fields, reason: result.ignored });
      } else if ("outcome" in result) {
        count(result.outcome);
        if (result.more) this.#mayHaveMore = true;
        log.info("event worked", { ...fields, outcome: result.outcome });
      } else {
        count("failed");
        const text = errorText(result.error);
        const status = await this.#inbox.fail(event, text, retryAfterOf(result.error));
        const level = status === "dead" ? "error" : "warn";
        log[level]("event failed", { ...fields, status, error: text });
      }
    } catch (error) {
      // Its lease will end, and the next worker takes it.
      log.error("event could not be settled", { ...fields, error: errorText(error) });
    }
  }
}
