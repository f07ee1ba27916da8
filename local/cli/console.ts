/** Output of commands. */
import { format } from "node:util";
import { errorText } from "../../shared/log.ts";

/** An error's kind, SQLSTATE and frames: its message and its fields may quote a row. */
function describeError(error: Error): string {
  const { code } = error as { code?: unknown };
  const state = typeof code === "string" && /^\w{1,60}$/.test(code) ? ` (${code})` : "";
  const frames = (error.stack ?? "").match(/^ {4}at [^\n"]*[\w.-]+\.[cm]?[jt]s:\d+:\d+\)?$/gm) ??
    [];
  return [`${errorText(error)}${state}`, ...frames].join("\n");
}

function describeValue(value: unknown): unknown {
  if (value instanceof Error) return describeError(value);
  return typeof value === "object" && value !== null
    ? `[${value.constructor?.name ?? "object"}]`
    : value;
}

/** Redirects `console` to a file: @supabase/lite prints every database error there, with the values of the row. */
export function redirectConsole(path: string): void {
  const write = (...values: unknown[]) => {
    const line = `${new Date().toISOString()} ${format(...values.map(describeValue))}\n`;
    try {
      Deno.writeTextFileSync(path, line, { append: true, mode: 0o600 });
    } catch {
      // The disk is full: the line is lost, and the request that it is about goes on.
    }
  };
  Object.assign(console, { log: write, info: write, warn: write, error: write, debug: write });
}

let isPrinting = true;

/** Nothing is printed any more: the command has said its last line. */
export function stopPrinting(): void {
  isPrinting = false;
}

/** Prints to the terminal, also after `redirectConsole`. */
export function print(text: string): void {
  if (!isPrinting) return;
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  } catch {
    // The terminal is closed; the command continues.
  }
}
