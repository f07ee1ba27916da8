/** The functions' log lines as a person reads them. */
import { plainText } from "./plain_text.ts";

export const LEVELS = ["info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

/** A JSON line of shared/log.ts. */
export interface LogLine {
  time: string;
  level: Level;
  message: string;
  function?: string;
  request_id?: string;
  [field: string]: unknown;
}

/** Undefined for other output, such as the stack of an error that stopped the functions. */
export function parseLogLine(text: string): LogLine | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const line = JSON.parse(text);
    const isLine = typeof line.message === "string" && LEVELS.includes(line.level) &&
      !Number.isNaN(Date.parse(line.time));
    return isLine ? line : undefined;
  } catch {
    return undefined;
  }
}

function formatValue(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[\w./:,-]+$/.test(value) ? value : JSON.stringify(value);
}

/** `10:02:11` by this machine's clock. */
export function clockTime(date: Date): string {
  return date.toTimeString().slice(0, 8);
}

/** `2026-11-29 10:02:11` by this machine's clock. */
export function dayAndTime(date: Date): string {
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((n) => String(n).padStart(2, "0"));
  return `${date.getFullYear()}-${month}-${day} ${clockTime(date)}`;
}

/** `10:02:11  warn   event-worker  event failed  error="..."  <request id>`. */
export function formatLogLine(line: LogLine, formatTime = clockTime): string {
  const { time, level, message, function: name, request_id, trace_id: _, ...fields } = line;
  const shown = Object.entries(fields).map(([field, value]) => `${field}=${formatValue(value)}`);
  const parts = [
    ...[formatTime(new Date(time)), level.padEnd(5), name, message, shown.join(" "), request_id],
  ].filter(Boolean);
  return plainText(parts.join("  "));
}
