/** Events: snapshots of an object when it changed, and thin events, which only name the object. */
import { inVersion } from "./api_versions.ts";
import { newId } from "./ids.ts";
import { publicFields, type StripeEvent, type StripeObject } from "./objects.ts";
import type { ObjectChange } from "./store.ts";

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The earlier values of the fields that differ; `null` for a field that is new. */
function previousAttributes(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): Record<string, unknown> {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changes: Record<string, unknown> = {};
  for (const key of keys) {
    const [was, is] = [before[key], after[key]];
    if (JSON.stringify(was) === JSON.stringify(is)) continue;
    changes[key] = isObject(was) && isObject(is) ? previousAttributes(was, is) : was ?? null;
  }
  return changes;
}

export function makeEvent(
  { type, object, before }: ObjectChange,
  { apiVersion, livemode, created }: { apiVersion: string; livemode: boolean; created: number },
): StripeEvent {
  const view = (entry: StripeObject) => structuredClone(publicFields(inVersion(entry, apiVersion)));
  const now = view(object);
  return {
    id: newId("evt"),
    object: "event",
    api_version: apiVersion,
    created,
    data: {
      object: now,
      ...(before && { previous_attributes: previousAttributes(view(before), now) }),
    },
    livemode,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
}

export function makeThinEvent(
  type: string,
  { id, object }: StripeObject,
  { livemode, now }: { livemode: boolean; now: number },
): Record<string, unknown> {
  return {
    id: newId("evt"),
    object: "v2.core.event",
    created: new Date(now).toISOString(),
    livemode,
    related_object: { id, type: object, url: `/v1/${object.replace(".", "/")}s/${id}` },
    type,
  };
}
