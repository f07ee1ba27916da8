/** Every log line: its message, which alerts compare, its levels and its own fields. docs/logs.md has the same table. */
import * as z from "zod/mini";
import { type FieldName, FIELDS } from "./fields.ts";
import { describeIssues } from "../values/zod_messages.ts";

export type Level = "info" | "warn" | "error";

interface Line<L extends Level = Level, F extends FieldName = FieldName> {
  levels: readonly L[];
  fields: readonly F[];
}

function line<const L extends readonly Level[], const F extends readonly FieldName[]>(
  levels: L,
  fields: F,
): Line<L[number], F[number]> {
  return { levels, fields };
}

export const LINES = {
  // Requests
  "request failed": line(["warn", "error"], ["status", "code", "error"]),
  "webhook received": line(["info"], ["duplicate", "ignored"]),
  "Auth did not answer": line(["error"], ["error"]),
  "background work failed": line(["error"], ["error"]),
  "download broke off": line(["error"], ["error"]),
  "health is not readable": line(["error"], ["error"]),
  "browser redirected to the app": line(["info"], ["outcome", "code"]),
  "account deleted": line(["info"], ["user_id"]),
  // Events
  "event processed": line(["info"], ["outcome"]),
  "event ignored": line(["info"], ["reason"]),
  "event postponed": line(["info"], ["error"]),
  "event not started": line(["info"], []),
  "event failed": line(["warn", "error"], ["event_status", "error"]),
  "event waits for configuration": line(["error"], ["error"]),
  "event could not be settled": line(["error"], ["error"]),
  "event worker not woken": line(["warn"], ["error"]),
  "inbox processed": line(["info"], [
    ...["released", "label_tasks", "oldest_open_seconds", "outcomes"] as const,
  ]),
  // TikTok
  "shops connected": line(["info"], ["user_id", "shops"]),
  "shop disconnected": line(["info"], ["tiktok_shop_id"]),
  "shop paused": line(["warn"], ["reason"]),
  "shop resumed": line(["info"], []),
  "shop cipher refused": line(["warn"], ["outcome"]),
  "authorized shop is not readable": line(["error"], ["error"]),
  "webhooks restored": line(["error"], ["topics"]),
  "webhooks not unsubscribed": line(["warn"], ["topic", "error"]),
  "tokens refreshed": line(["info"], ["shop_ids", "token_version", "outcome"]),
  "token refresh failed": line(["warn"], ["shop_ids", "token_version", "outcome", "error"]),
  "new tokens not stored yet": line(["warn"], ["shop_ids", "error"]),
  "due tokens refreshed": line(["info"], ["outcomes"]),
  "orders synced": line(["info", "warn"], ["found", "enqueued", "missed", "complete"]),
  "order of a search is not readable": line(["error"], ["error"]),
  "returns synced": line(["info"], ["found", "enqueued", "complete"]),
  "return of a search is not readable": line(["error"], ["error"]),
  "returns not searched": line(["info", "warn"], ["error"]),
  "cancellation deadlines not read": line(["warn"], ["error"]),
  "returns not read": line(["warn"], ["error"]),
  "list element is not readable": line(["error"], ["list", "issues"]),
  // Labels
  "label bought": line(["info"], ["shipment_id", "provider"]),
  "label not fetched yet": line(["info"], ["shipment_id", "error"]),
  "purchase outcome unknown": line(["warn"], ["shipment_id", "error"]),
  "label sold after its purchase had failed": line(["error"], ["shipment_id"]),
  "label bought for a deleted account": line(["warn", "error"], [
    ...["shipment_id", "provider", "state", "error"] as const,
  ]),
  "labels have used 80 % of the platform's limit": line(["error"], ["period"]),
  "carrier not checked yet": line(["info"], ["order_id", "error"]),
  "source of webhooks is not healthy": line(["error"], ["state", "since", "last_received_at"]),
  "EasyPost's webhook was switched off: switched on again": line(["error"], ["webhook_id"]),
  "EasyPost's webhook could not be switched on": line(["error"], ["error"]),
  // Billing
  "checkout opened": line(["info"], ["user_id", "plan", "kind"]),
  "subscriptions compared": line(["info", "warn"], ["checked", "repaired", "finished"]),
  "subscription not stored": line(["error"], ["error"]),
  "subscription without an account": line(["warn"], ["user_id", "action"]),
  "listed subscription is not readable": line(["error"], ["error"]),
  "stored Stripe id not readable": line(["error"], ["error"]),
  "Stripe knows neither a subscription nor its customer": line(["error"], []),
  // The log itself
  "spans": line(["info"], ["spans", "spans_left_out"]),
  "lines left out": line(["info", "warn", "error"], ["seconds", "lines"]),
} satisfies Record<string, Line>;

export type Message = keyof typeof LINES;

/** The messages that may have this level. */
export type MessageOf<L extends Level> = {
  [M in Message]: [L] extends [(typeof LINES)[M]["levels"][number]] ? M : never;
}[Message];

/** Fields that say what a line belongs to: any line may have them. */
const CONTEXT_FIELDS = [
  ...["function", "request_id", "trace_id", "event_id", "source", "event_type"] as const,
  ...["shop_id", "tiktok_order_id", "object_id", "attempt"] as const,
] satisfies FieldName[];
export type ContextField = (typeof CONTEXT_FIELDS)[number];

export type FieldsOf<M extends Message> = (typeof LINES)[M]["fields"][number];

function schemaOf([message, { levels, fields }]: [string, Line]) {
  const names = [...CONTEXT_FIELDS, ...fields];
  return z.strictObject({
    time: FIELDS.time,
    level: z.enum(levels as readonly Level[]),
    message: z.literal(message),
    ...Object.fromEntries(names.map((name) => [name, z.optional(FIELDS[name])])),
  });
}

/** The line of each message, as parsed from its JSON. */
const LINE_SCHEMAS = new Map(
  Object.entries(LINES as Record<string, Line>).map((entry) => [entry[0], schemaOf(entry)]),
);

/** @throws {Error} if the text is not a line of ours; the message says why. */
export function parseLine(text: string): Record<string, unknown> {
  const json = JSON.parse(text);
  const schema = LINE_SCHEMAS.get(json.message);
  if (schema === undefined) throw new Error(`Unknown log line: ${text}`);
  const { success, data, error } = schema.safeParse(json);
  if (!success) throw new Error(`${describeIssues(error.issues, "line")} in ${text}`);
  return data;
}
