/** The shapes of events that are claimed, and what their handlers return. */
import * as z from "zod/mini";
import type { Environment } from "../config.ts";
import type { IgnoreReason } from "./ignore_reasons.ts";
import { EVENT_SOURCES } from "./new_event.ts";

/** The zod schema of the type of this name. */
export const EventSource = z.enum(EVENT_SOURCES);

/** A live connection to a shop, as the database stores it. */
export const StoredConnection = z.object({
  /** `tiktok_shops.id` */
  id: z.string(),
  /** TikTok's shop id. */
  shop_id: z.string(),
  shop_cipher: z.string(),
  /** Encrypted. */
  access_token: z.string(),
  /** Version of the token pair that `access_token` belongs to. */
  token_version: z.int(),
  /** Until the next probe of the shop at TikTok; `null` unless TikTok has deactivated it. */
  paused_seconds: z._default(z.nullable(z.int()), null),
});
export type StoredConnection = z.infer<typeof StoredConnection>;

/** An event that this worker holds until its lease ends; `shop` is its connection, if it is live. */
export const ClaimedEvent = z.object({
  event_id: z.int(),
  /** Number of this claim: the worker that has another number lost it. */
  claim: z.int(),
  /** Time of the claim, by the database's clock: what is read for the event is read later. */
  claimed_at: z.string(),
  /** Number of this attempt; earlier ones failed. */
  attempt: z.int(),
  /** Whether its attempts are used up: it is tried again only each hour. */
  failing: z.boolean(),
  source: EventSource,
  event_type: z.string(),
  shop_id: z.nullable(z.string()),
  object_id: z.nullable(z.string()),
  body: z.string(),
  shop: z.nullable(z.extend(StoredConnection, { user_id: z.string() })),
  /** Id of the request that stored it; `null` for one that the database stored itself. */
  request_id: z.nullable(z.string()),
  /** The span that stored it, as W3C's header. */
  traceparent: z.nullable(z.string()),
});
export type ClaimedEvent = z.infer<typeof ClaimedEvent>;

/** An event whose shop is connected. */
export type ShopEvent = ClaimedEvent & { shop: NonNullable<ClaimedEvent["shop"]> };

/**
 * `ignored`: why there is nothing to do. `outcome`: its effect has settled the event, in one transaction;
 * `more` means that the effect has stored further events. `error`: the event is tried again.
 */
export type EventResult =
  | { ignored: IgnoreReason }
  | { outcome: string; more?: boolean }
  | { error: unknown };

/** Mark of a handler's error whose cause is neither the event nor the other side: no attempt is lost. */
export interface Postponement {
  postponeSeconds: number;
  /** Whether the wait ends when TikTok has activated the shop again. */
  whilePaused?: boolean;
}

/** @param error It, or a cause of it, may be a `Postponement`. */
export function postponementOf(error: unknown): Postponement | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (typeof (cause as Partial<Postponement>).postponeSeconds === "number") {
      return cause as Error & Postponement;
    }
  }
  return undefined;
}

export interface EventHandler {
  /** Events of the same group are handled by one call. */
  groupOf(event: ClaimedEvent): string | Promise<string>;
  /** One result for each event, in their order; an exception means that all of them failed. */
  handle(events: ClaimedEvent[]): Promise<EventResult[]>;
}

/** A handler that takes one event at a time. */
export function handleEach(
  handle: (event: ClaimedEvent) => Promise<EventResult>,
): EventHandler {
  return {
    groupOf: (event) => String(event.event_id),
    handle: async (events) => [await handle(events[0] as ClaimedEvent)],
  };
}

/** A handler that takes one event at a time, and its dependencies with the first: a missing variable fails the event. */
export function handleWith<Dependencies>(
  dependencies: () => Dependencies,
  handle: (dependencies: Dependencies, event: ClaimedEvent) => Promise<EventResult>,
): EventHandler {
  return handleEach(async (event) => await handle(dependencies(), event));
}

/** Dependencies of the handlers of a domain. */
export interface HandlerOptions {
  /** Base of our functions' addresses. */
  functionsUrl: string;
  env?: Environment | undefined;
}
