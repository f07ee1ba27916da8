/** Works the inbox: claims events as long as there are any, some at once, and settles each. */
import { errorText, log } from "../log.ts";
import type { ClaimedEvent, EventSource, Inbox } from "./inbox.ts";

/** `ignored`: why the event asks for nothing. `more`: working it has put others into the inbox. */
export type EventResult = { ignored: string } | { outcome: string; more?: boolean };

/** Works one event and settles it in the same transaction as its effect; an exception puts it back. */
export type EventHandler = (event: ClaimedEvent) => Promise<EventResult>;

export interface DrainOptions {
  handlers: Partial<Record<EventSource, EventHandler>>;
  /** Events worked at once. @default {8} */
  concurrency?: number;
  /** How long an event may take before another worker may have it. @default {60} */
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
      leaseSeconds: 60,
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
    const { concurrency, leaseSeconds, budgetMs, now } = this.#options;
    const end = now() + budgetMs;
    const summary: DrainSummary = {};
    const working = new Set<Promise<void>>();
    try {
      while (true) {
        const free = concurrency - working.size;
        if (this.#mayHaveMore && free > 0 && now() < end) {
          this.#mayHaveMore = false;
          this.#wakeUp = Promise.withResolvers<void>();
          const events = await this.#inbox.claim(free, leaseSeconds);
          if (events.length === free) this.#mayHaveMore = true;
          for (const event of events) {
            const work = this.#work(event, summary).finally(() => working.delete(work));
            working.add(work);
          }
        } else if (working.size > 0) {
          const mayClaim = free > 0 && now() < end;
          await Promise.race(mayClaim ? [...working, this.#wakeUp.promise] : working);
        } else {
          return summary;
        }
      }
    } finally {
      // In the same turn as the last look: a call from now on starts another drain.
      this.#running = undefined;
    }
  }

  async #work(event: ClaimedEvent, summary: DrainSummary): Promise<void> {
    const fields = {
      event_id: event.event_id,
      event_type: event.event_type,
      shop_id: event.shop_id,
      attempt: event.attempt,
    };
    const count = (outcome: string) => summary[outcome] = (summary[outcome] ?? 0) + 1;
    try {
      const handler = this.#options.handlers[event.source];
      const result = handler ? await handler(event) : { ignored: `no handler for ${event.source}` };
      if ("ignored" in result) {
        await this.#inbox.ignore(event, result.ignored);
        count("ignored");
        log.info("event ignored", { ...fields, reason: result.ignored });
      } else {
        count(result.outcome);
        if (result.more) this.#mayHaveMore = true;
        log.info("event worked", { ...fields, outcome: result.outcome });
      }
    } catch (error) {
      count("failed");
      const text = errorText(error);
      try {
        const status = await this.#inbox.fail(event, text, retryAfterOf(error));
        log[status === "dead" ? "error" : "warn"]("event failed", {
          ...fields,
          status,
          error: text,
        });
      } catch (settleError) {
        // Its lease will end, and the next worker takes it.
        log.error("event could not be settled", { ...fields, error: errorText(settleError) });
      }
    }
  }
}
