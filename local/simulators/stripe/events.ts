/** Events: what has happened to an object, as it was then. */
import type { Happening } from "./books.ts";
import { newId } from "./ids.ts";
import type { StripeEvent } from "./session_objects.ts";
import type { StripeState } from "./state.ts";
import { viewed } from "./views.ts";

/** Which call made an event happen; nothing, where Stripe itself did. */
export interface RequestOfEvent {
  id: string | null;
  idempotency_key: string | null;
}

export interface EventOptions {
  state: StripeState;
  apiVersion: string;
  livemode: boolean;
  /** Unix seconds. */
  created: number;
  pendingWebhooks: number;
  request: RequestOfEvent;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What was different before. Of what was not there before, `null` is told. */
export function previousAttributes(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): Record<string, unknown> {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changes: Record<string, unknown> = {};
  for (const key of keys) {
    const [was, is] = [before[key], after[key]];
    if (JSON.stringify(was) === JSON.stringify(is)) continue;
    changes[key] = isPlain(was) && isPlain(is) ? previousAttributes(was, is) : was ?? null;
  }
  return changes;
}

export function makeEvent(
  { type, object, before }: Happening,
  { state, apiVersion, livemode, created, pendingWebhooks, request }: EventOptions,
): StripeEvent {
  const view = (entry: Happening["object"]) =>
    structuredClone(viewed(entry, { state, version: apiVersion }));
  const now = view(object);
  return {
    id: newId("evt"),
    object: "event",
    api_version: apiVersion,
    created,
    data: {
      object: now,
      ...(before &&
        { previous_attributes: structuredClone(previousAttributes(view(before), now)) }),
    },
    livemode,
    pending_webhooks: pendingWebhooks,
    request,
    type,
  };
}

/** An event that names an object and does not show it. */
export function makeThinEvent(
  type: string,
  relatedObject: { id: string; object: string },
  { livemode, now }: { livemode: boolean; now: number },
): Record<string, unknown> & { id: string } {
  const { id, object } = relatedObject;
  return {
    id: newId("evt"),
    object: "v2.core.event",
    context: null,
    created: new Date(now).toISOString(),
    livemode,
    reason: null,
    related_object: { id, type: object, url: `/v1/${object.replace(".", "/")}s/${id}` },
    type,
  };
}
