/** One JSON object a line. Tokens, keys, bodies, addresses and vendors' words are never among the fields. */
import { $ZodError } from "zod/v4/core";
import { LoggableError } from "./loggable_error.ts";
import type { LogFields } from "./logging/fields.ts";
import type { ContextField, FieldsOf, Level, Message, MessageOf } from "./logging/lines.ts";
import { writeLine } from "./logging/write_line.ts";

type Write<L extends Level> = <M extends MessageOf<L>>(
  message: M,
  fields?: Fields<M>,
) => void;

type Fields<M extends Message> = LogFields<FieldsOf<M> | ContextField>;

const writer = <L extends Level>(level: L): Write<L> => (message, fields = {}) =>
  writeLine(level, message, fields);

/** The table of logging/lines.ts has every message; the context of the work adds what it belongs to. */
export const log = {
  info: writer("info"),
  warn: writer("warn"),
  error: writer("error"),
  /** For a level that depends. */
  at: <L extends Level, M extends MessageOf<L>>(level: L, message: M, fields: Fields<M>) =>
    writeLine(level, message, fields),
};

/** File, line and column of the first frame of a stack; the lines before it quote the message. */
function placeOf(error: Error): string {
  const frame = /^ {4}at [^\n]*?([\w.-]+\.[cm]?[jt]s:\d+:\d+)\)?$/m.exec(error.stack ?? "");
  return frame === null ? "" : ` at ${frame[1]}`;
}

/**
 * The part of an error that may be logged and stored. The message of an error that is not ours may quote anything, such
 * as the text that was not JSON: only its kind and place are kept, and of Zod's the paths.
 */
export function errorText(error: unknown): string {
  if (error instanceof LoggableError) return `${error.name}: ${error.message}`;
  if (error instanceof $ZodError) {
    const issues = error.issues.map(({ path, code }) => `${path.join(".") || "value"} ${code}`);
    return `ZodError: ${issues.join(", ").slice(0, 300)}`;
  }
  if (!(error instanceof Error)) return "unknown error";
  return `${/^\w{1,60}$/.exec(error.name)?.[0] ?? "Error"}${placeOf(error)}`;
}
