/** Every field of a log line, once: its values. docs/logs.md explains each. */
import * as z from "zod/mini";
import { EventSource } from "../inbox/events.ts";

const Count = z.int().check(z.nonnegative());

/** Numbers by name, such as events by outcome. */
const Counts = z.record(z.string(), Count);

/** A code of ours, or an event's type. */
const Code = z.string().check(z.maxLength(200), z.regex(/^[\w.-]+$/));

/** TikTok's ids are digits. */
const Digits = z.string().check(z.regex(/^\d{1,40}$/));

/** Our own words, codes and ids, as `errorText` makes them. */
const Text = z.string();

/** One timed piece of work; `ms` after the first span of the line has begun. */
export const LoggedSpan = z.strictObject({
  name: z.string(),
  span_id: z.string().check(z.regex(/^[0-9a-f]{16}$/)),
  parent_id: z.optional(z.string().check(z.regex(/^[0-9a-f]{16}$/))),
  start_ms: z.number().check(z.nonnegative()),
  duration_ms: z.number().check(z.nonnegative()),
  error: z.optional(z.string()),
});
export type LoggedSpan = z.infer<typeof LoggedSpan>;

export const FIELDS = {
  // On every line.
  time: z.iso.datetime(),
  level: z.enum(["info", "warn", "error"]),
  message: z.string(),
  // On every line below a request or an event.
  function: z.string().check(z.regex(/^[a-z][a-z0-9-]*$/)),
  request_id: z.uuid(),
  trace_id: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
  event_id: z.int().check(z.positive()),
  source: EventSource,
  event_type: Code,
  shop_id: Digits,
  tiktok_order_id: Digits,
  object_id: z.string().check(z.maxLength(200)),
  attempt: z.int().check(z.positive()),
  // On some lines.
  action: z.enum(["reported", "cancelled"]),
  checked: Count,
  code: Code,
  complete: z.boolean(),
  duplicate: z.boolean(),
  enqueued: Count,
  error: Text,
  event_status: z.enum(["pending", "failing", "dead"]),
  finished: z.boolean(),
  found: Count,
  ignored: Code,
  issues: Text,
  kind: Code,
  label_tasks: Count,
  last_received_at: z.string(),
  lines: Counts,
  list: Text,
  missed: Count,
  oldest_open_seconds: Count,
  order_id: z.uuid(),
  outcome: Code,
  outcomes: Counts,
  period: Code,
  plan: Code,
  provider: Code,
  reason: Code,
  released: Count,
  repaired: Count,
  seconds: Count,
  shipment_id: z.uuid(),
  shop_ids: z.string().check(z.regex(/^[\d,]*$/)),
  shops: Count,
  spans: z.array(LoggedSpan),
  spans_left_out: Count,
  since: z.string(),
  state: Code,
  status: z.int().check(z.minimum(100), z.maximum(599)),
  tiktok_shop_id: z.uuid(),
  token_version: z.int(),
  topic: Code,
  topics: z.string().check(z.regex(/^[\w,]*$/)),
  user_id: z.uuid(),
  webhook_id: Code,
};

export type FieldName = keyof typeof FIELDS;

/** Fields that a caller may give; absent and null fields are left out of the line. */
export type LogFields<Name extends FieldName = FieldName> = {
  [K in Name]?: z.infer<(typeof FIELDS)[K]> | null | undefined;
};
