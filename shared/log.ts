/** One JSON object a line. Tokens, keys, bodies, addresses and vendors' words are never among the fields. */
import * as z from "zod";
import { LoggableError } from "./loggable_error.ts";

export type LogFields = Record<string, string | number | boolean | null | undefined>;

function write(level: "info" | "warn" | "error", message: string, fields: LogFields): void {
  // deno-lint-ignore no-console -- the platform collects what the console prints
  console[level](JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }));
}

export const log = {
  info: (message: string, fields: LogFields = {}) => write("info", message, fields),
  warn: (message: string, fields: LogFields = {}) => write("warn", message, fields),
  error: (message: string, fields: LogFields = {}) => write("error", message, fields),
};

/** File, line and column of the first frame of a stack; the lines before it quote the message. */
function placeOf(error: Error): string {
  const frame = /^ {4}at [^\n]*?([\w.-]+\.[cm]?[jt]s:\d+:\d+)\)?$/m.exec(error.stack ?? "");
  return frame === null ? "" : ` at ${frame[1]}`;
}

/**
 * What may be logged and stored of an error. The message of an error that is not ours may quote anything, such
 * as the text that was not JSON: only its kind and place are kept, and of Zod's the paths.
 */
export function errorText(error: unknown): string {
  if (error instanceof LoggableError) return `${error.name}: ${error.message}`;
  if (error instanceof z.ZodError) {
    const issues = error.issues.map(({ path, code }) => `${path.join(".") || "value"} ${code}`);
    return `ZodError: ${issues.join(", ").slice(0, 300)}`;
  }
  if (!(error instanceof Error)) return "unknown error";
  return `${/^\w{1,60}$/.exec(error.name)?.[0] ?? "Error"}${placeOf(error)}`;
}
