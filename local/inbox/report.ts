/** Events as text for a terminal. */
import { plainText } from "../cli/plain_text.ts";
import { tableLines } from "../cli/table.ts";

export interface EventSummary {
  event_id: number;
  source: string;
  external_id: string;
  event_type: string;
  shop_id: string | null;
  object_id: string | null;
  status: string;
  attempts: number;
  crashes: number;
  failing_since: string | null;
  reason: string | null;
  last_error: string | null;
  received_at: string;
  /** Null once it is done or ignored. */
  next_attempt_at: string | null;
  settled_at: string | null;
  /** As in the log lines; null for a task that the database stored itself. */
  request_id: string | null;
}

export interface EventCount {
  status: string;
  source: string;
  event_type: string;
  events: number;
  /** How many of them a replay would change. */
  replayable: number;
  oldest_received_at: string;
}

/** `plainText` line by line. */
function plainLines(text: string): string {
  return text.split("\n").map(plainText).join("\n");
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`;
}

function seconds(time: string): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** `42s`, `5m`, `3h` or `12d`: in the largest unit that fits. */
function duration(milliseconds: number): string {
  const total = Math.max(Math.floor(milliseconds / 1000), 0);
  if (total < 60) return `${total}s`;
  if (total < 3600) return `${Math.floor(total / 60)}m`;
  if (total < 86_400) return `${Math.floor(total / 3600)}h`;
  return `${Math.floor(total / 86_400)}d`;
}

function age(time: string, now: number): string {
  return duration(now - Date.parse(time));
}

function table(rows: string[][], numbers: number[], width: number): string[] {
  return tableLines(rows, { numbers }).map((line) => cut(line, width));
}

export function formatCounts(counts: EventCount[], now: number, width: number): string {
  if (counts.length === 0) return "The inbox is empty.";
  return table(
    [
      ["status", "events", "oldest", "age", "source", "type"],
      ...counts.map((count) => [
        count.status,
        String(count.events),
        seconds(count.oldest_received_at),
        age(count.oldest_received_at, now),
        count.source,
        plainText(count.event_type),
      ]),
    ],
    [1, 3],
    width,
  ).join("\n");
}

/** Up to three lines an event: the event, its shop and object, and its error. */
export function formatEvents(events: EventSummary[], now: number, width: number): string {
  const [head, ...lines] = table(
    [
      ["id", "status", "tries", "received", "age", "type"],
      ...events.map((event) => [
        String(event.event_id),
        event.status,
        String(event.attempts),
        seconds(event.received_at),
        age(event.received_at, now),
        plainText(event.event_type),
      ]),
    ],
    [0, 2, 4],
    width,
  );
  const details = events.map((event) => {
    const about = [
      event.shop_id === null ? "" : `shop ${event.shop_id}`,
      event.object_id === null ? "" : `object ${event.object_id}`,
    ].filter((part) => part !== "").join(", ");
    // The reason of a failing or dead event is only a code; the error explains it.
    const why = ["failing", "dead"].includes(event.status)
      ? event.last_error ?? event.reason
      : event.reason ?? event.last_error;
    return [about, why ?? ""].filter((part) => part !== "")
      .map((part) => cut(`    ${plainText(part)}`, width));
  });
  return [head, ...lines.flatMap((line, n) => [line, ...details[n] ?? []])].join("\n");
}

export function formatEvent(event: EventSummary, now: number): string {
  const time = (text: string | null) =>
    text === null ? "" : `${seconds(text)}   ${age(text, now)} ago`;
  const isOpen = ["pending", "processing", "failing"].includes(event.status);
  const next = (attempt: string) => {
    const wait = Date.parse(attempt) - now;
    return `${seconds(attempt)}   ${wait > 0 ? `in ${duration(wait)}` : "due"}`;
  };
  const fields: [string, string][] = [
    ["id", String(event.event_id)],
    ["status", event.status],
    ["reason", event.reason ?? ""],
    ["last error", event.last_error ?? ""],
    ["attempts", String(event.attempts)],
    ["crashes", event.crashes === 0 ? "" : String(event.crashes)],
    ["failing", time(event.failing_since)],
    ["next attempt", isOpen && event.next_attempt_at ? next(event.next_attempt_at) : ""],
    ["received", time(event.received_at)],
    ["settled", time(event.settled_at)],
    ["source", event.source],
    ["type", event.event_type],
    ["shop", event.shop_id ?? ""],
    ["object", event.object_id ?? ""],
    ["sender's id", event.external_id],
    ["request id", event.request_id ?? ""],
  ];
  return fields.filter(([, value]) => value !== "")
    .map(([name, value]) => `${name.padEnd(14)}${plainText(value)}`).join("\n");
}

export function formatBody(body: string): string {
  return plainLines(body);
}
