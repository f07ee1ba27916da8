/** The inbox of events in the database: claim, settle. The SQL is in the migrations. */
import * as z from "zod";
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import { Nothing } from "../values/schemas.ts";
import { ClaimedEvent, type Postponement } from "./events.ts";
import type { IgnoreReason } from "./ignore_reasons.ts";

/** Of an event whose attempt has failed. */
const EventStatus = z.enum(["pending", "failing", "dead"]);
type EventStatus = z.infer<typeof EventStatus>;

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

  /** Settles an event that needs no effect. */
  async ignore(event: ClaimedEvent, reason: IgnoreReason): Promise<void> {
    const args = { p_event_id: event.event_id, p_claim: event.claim, p_reason: reason };
    await callFunction(this.#database, "ignore_webhook_event", args, Nothing);
  }

  /**
   * Puts the event back for a later attempt, each hour after the tenth, or gives it up after seven days of that.
   * @returns Its new status; `null` if the claim was lost to another worker.
   */
  async fail(
    event: ClaimedEvent,
    error: string,
    retryAfterSeconds?: number,
  ): Promise<EventStatus | null> {
    const args = {
      p_event_id: event.event_id,
      p_claim: event.claim,
      p_error: error,
      p_retry_after_seconds: retryAfterSeconds,
    };
    return await callFunction(
      this.#database,
      "fail_webhook_event",
      args,
      EventStatus.nullable(),
    );
  }

  /** Puts the event back for later, without counting the attempt: the cause is not the event. */
  async postpone(
    event: ClaimedEvent,
    error: string,
    { postponeSeconds, whilePaused }: Postponement,
  ): Promise<void> {
    const args = {
      p_event_id: event.event_id,
      p_claim: event.claim,
      p_error: error,
      p_retry_after_seconds: postponeSeconds,
      p_while_paused: whilePaused,
    };
    await callFunction(this.#database, "postpone_webhook_event", args, Nothing);
  }

  /** Reopens held orders that the plans now have room for. Returns the number of events. */
  async releaseHeld(): Promise<number> {
    return await callFunction(this.#database, "release_held_events", {}, z.int());
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
