/** Reports results to the inbox: what is ready while a call is under way shares the next one. */
import { setImmediate as endOfTurn } from "node:timers/promises";
import * as z from "zod/mini";
import type { ClaimedEvent, Postponement } from "./events.ts";
import type { IgnoreReason } from "./ignore_reasons.ts";

/** Status of an event that a worker has settled without an effect; `locked`: not yet, another transaction has it. */
export const EventStatus = z.enum(["pending", "failing", "ignored", "dead", "locked"]);
export type EventStatus = z.infer<typeof EventStatus>;

/** A claimed event that no slot was free for in time: another run handles it, with a lease of its own. */
export type Unstarted = { unstarted: true };

/** The result of an event that no effect has settled. */
export type Settlement =
  | Unstarted
  | { ignored: IgnoreReason }
  | { failed: string; retryAfterSeconds?: number | undefined }
  | { postponed: string; postponement: Postponement };

export interface SettlementInbox {
  settle(results: readonly [ClaimedEvent, Settlement][]): Promise<(EventStatus | null)[]>;
}

/** A call holds the locks of its events. */
const MAX_EVENTS = 100;

interface Waiting {
  result: [ClaimedEvent, Settlement];
  done: PromiseWithResolvers<EventStatus | null>;
  wasLocked: boolean;
}

export class Settlements {
  readonly #inbox: SettlementInbox;
  #waiting: Waiting[] = [];
  /** Results of events that were locked twice: a call for one alone waits for the other transaction. */
  readonly #locked: Waiting[] = [];
  #isSending = false;

  constructor(inbox: SettlementInbox) {
    this.#inbox = inbox;
  }

  /**
   * @returns The new status; `null` if the claim was lost to another worker.
   * @throws {DatabaseError} as all events of the same call
   */
  settle(event: ClaimedEvent, settlement: Settlement): Promise<EventStatus | null> {
    const done = Promise.withResolvers<EventStatus | null>();
    this.#waiting.push({ result: [event, settlement], done, wasLocked: false });
    if (!this.#isSending) void this.#sendAll();
    return done.promise;
  }

  /** Never rejects. */
  async #sendAll(): Promise<void> {
    this.#isSending = true;
    // Handlers that wait for nothing return in this turn of the event loop, one after the other.
    await endOfTurn();
    while (this.#waiting.length > 0 || this.#locked.length > 0) {
      if (this.#waiting.length > 0) await this.#send(this.#waiting.splice(0, MAX_EVENTS));
      else await this.#send(this.#locked.splice(0, 1));
    }
    this.#isSending = false;
  }

  async #send(batch: Waiting[]): Promise<void> {
    try {
      const statuses = await this.#inbox.settle(batch.map(({ result }) => result));
      batch.forEach((waiting, n) => {
        if (statuses[n] !== "locked" || batch.length === 1) {
          waiting.done.resolve(statuses[n] ?? null);
        } else {
          // A claim of another worker locks events for a moment.
          (waiting.wasLocked ? this.#locked : this.#waiting).push({ ...waiting, wasLocked: true });
        }
      });
    } catch (error) {
      for (const { done } of batch) done.reject(error);
    }
  }
}
