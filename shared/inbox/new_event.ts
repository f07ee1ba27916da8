/** A verified webhook, as a receiver stores it. */
import { LoggableError } from "../loggable_error.ts";
import type { IgnoreReason } from "./ignore_reasons.ts";

/** Sender of an event; `creatorflow` events are our own tasks. */
export const EVENT_SOURCES = ["tiktok", "stripe", "easypost", "creatorflow"] as const;
export type EventSource = (typeof EVENT_SOURCES)[number];

/** A verified webhook, not stored yet. */
export interface NewEvent {
  source: EventSource;
  /** Equal for every delivery of one event. */
  externalId: string;
  eventType: string;
  /** TikTok's shop id, where the event names one. */
  shopId: string | null;
  /** The id of the object that the event names, e.g. TikTok's order id. */
  objectId: string | null;
  /** The body as received. */
  body: string;
  /** Equal for every delivery of one event; another body under the same id is an event of its own. */
  contentDigest: string;
  /** Why the event is settled as soon as it is stored. */
  ignored?: IgnoreReason | undefined;
}

/** The body of a signed webhook is not an event of its sender. */
export class InvalidWebhookError extends LoggableError {
  override name = "InvalidWebhookError";
}
