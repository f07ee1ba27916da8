/** The inbox of events in the database: claim, settle. The SQL is in the migrations. */
import * as z from "zod/mini";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import { toStorable } from "../values/storable_text.ts";
import { ClaimedEvent } from "./events.ts";
import { EventStatus, type Settlement } from "./settlements.ts";

/** The form that `settle_webhook_events` takes. A text may quote what Postgres cannot store. */
function toResult(settlement: Settlement) {
  if ("ignored" in settlement || "unstarted" in settlement) return settlement;
  if ("failed" in settlement) {
    return {
      failed: toStorable(settlement.failed),
      retry_after_seconds: settlement.retryAfterSeconds,
    };
  }
  const { postponeSeconds, whilePaused } = settlement.postponement;
  return {
    postponed: toStorable(settlement.postponed),
    retry_after_seconds: postponeSeconds,
    while_paused: whilePaused,
  };
}

/** Every method throws `DatabaseError`. */
export class Inbox {
  readonly #database: DatabaseClient;

  constructor(database: DatabaseClient) {
    this.#database = database;
  }

  /**
   * Takes due events for `leaseSeconds`; until then no other worker gets them.
   * @param exceptShops TikTok's ids of shops whose events stay; without any, failing events are taken too.
   */
  async claim(
    limit: number,
    leaseSeconds: number,
    exceptShops: string[] = [],
  ): Promise<ClaimedEvent[]> {
    const args = { p_limit: limit, p_lease_seconds: leaseSeconds, p_except_shops: exceptShops };
    return await callFunction(
      this.#database,
      "claim_webhook_events",
      args,
      z.array(ClaimedEvent),
    );
  }

  /**
   * Ends claims whose events no effect has settled, in one transaction. An ignored event is settled; a failed one waits
   * for a later attempt, each hour after the tenth, until it is given up after seven days of that; a postponed one
   * waits without counting the attempt, because the cause is not the event; an unstarted one is due again.
   * @returns The new status of each; `null` if its claim was lost to another worker. A result alone is never `locked`.
   */
  async settle(
    results: readonly [ClaimedEvent, Settlement][],
  ): Promise<(EventStatus | null)[]> {
    const args = {
      p_results: results.map(([{ event_id, claim }, settlement]) => ({
        event_id,
        claim,
        ...toResult(settlement),
      })),
    };
    return await callFunction(
      this.#database,
      "settle_webhook_events",
      args,
      z.array(z.nullable(EventStatus)),
    );
  }

  /**
   * Reopens held orders that the plans now have room for, a part with each call.
   * @param budgetMs So long after the start no further call begins: the scheduler waits a minute for the whole run.
   * @returns The number of events.
   */
  async releaseHeld(
    { budgetMs = 5_000, now = Date.now }: { budgetMs?: number; now?: () => number } = {},
  ): Promise<number> {
    const end = now() + budgetMs;
    let total = 0;
    let released: number;
    do {
      released = await callFunction(this.#database, "release_held_events", {}, z.int());
      total += released;
    } while (released > 0 && now() < end);
    return total;
  }

  /** Stores the label tasks that are due: unsettled purchases, missing labels, silent parcels. Returns how many. */
  async enqueueLabelTasks(): Promise<number> {
    return await callFunction(this.#database, "enqueue_label_tasks", {}, z.int());
  }

  /** Age of the oldest open event, in seconds; 0 without one. */
  async oldestOpenSeconds(): Promise<number> {
    return await callFunction(this.#database, "oldest_open_event_seconds", {}, z.int());
  }
}
