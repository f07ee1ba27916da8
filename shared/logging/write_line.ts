/** Writes one line: a JSON object that the platform takes whole. */
import { workContext } from "./context.ts";
import type { LogFields } from "./fields.ts";
import type { Level, Message } from "./lines.ts";
import { LineVolume } from "./volume.ts";

/** The platform cuts longer lines (https://supabase.com/docs/guides/functions/limits). */
export const MAX_LINE_LENGTH = 10_000;

/** Longest text of a field in a line that would be too long. */
const MAX_TEXT_LENGTH = 500;

/** By function: the local stack runs all of them in one process. */
const volumes = new Map<string, LineVolume>();

function volumeOf(name: string, now: number): LineVolume {
  const known = volumes.get(name);
  if (known !== undefined) return known;
  const volume = new LineVolume(now);
  volumes.set(name, volume);
  return volume;
}

/** At most `MAX_LINE_LENGTH` characters, and still JSON: long texts and the last spans are cut. */
export function toLine(fields: Record<string, unknown>): string {
  const text = JSON.stringify(fields);
  if (text.length <= MAX_LINE_LENGTH) return text;
  const short = (value: unknown) =>
    typeof value === "string" && value.length > MAX_TEXT_LENGTH
      ? `${value.slice(0, MAX_TEXT_LENGTH)}…`
      : value;
  const cut: Record<string, unknown> = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, short(value)]),
  );
  const spans = Array.isArray(cut.spans) ? cut.spans : [];
  let kept = spans.length;
  const line = () =>
    JSON.stringify(
      kept === spans.length
        ? cut
        : { ...cut, spans: spans.slice(0, kept), spans_left_out: spans.length - kept },
    );
  while (kept > 0 && line().length > MAX_LINE_LENGTH) kept = Math.floor(kept * 0.9);
  return line();
}

function print(level: Level, message: Message, fields: LogFields): void {
  const present = Object.entries(fields).filter(([, value]) =>
    value !== undefined && value !== null
  );
  const time = new Date().toISOString();
  // deno-lint-ignore no-console -- the platform collects what the console prints
  console[level](toLine({ time, level, message, ...Object.fromEntries(present) }));
}

function printSummary(name: string, volume: LineVolume): void {
  const leftOut = volume.take(Date.now());
  if (leftOut === undefined) return;
  const { level, seconds, lines } = leftOut;
  print(level, "lines left out", { seconds, lines, function: name });
}

/** Writes the counts of all lines that were left out. The allowances begin again. */
export function flushLines(): void {
  for (const [name, volume] of volumes) printSummary(name, volume);
  volumes.clear();
}

// Before the platform ends the worker.
addEventListener("beforeunload", flushLines);

/** Lines that are left out are counted with the next line after ten seconds, or when the worker ends. */
function mayWrite(name: string, level: Level, message: Message, code: string | undefined): boolean {
  const now = Date.now();
  const volume = volumeOf(name, now);
  if (volume.isDue(now)) printSummary(name, volume);
  return volume.admit(level, message, code, now);
}

/** Own fields come first; the context adds those that the line does not have. */
export function writeLine(level: Level, message: Message, fields: LogFields): void {
  const context = workContext().fields;
  const name = fields.function ?? context.function;
  // Outside of a request and an event, such as at a start: these lines are few.
  if (name && !mayWrite(name, level, message, fields.code ?? undefined)) return;
  print(level, message, { ...fields, ...context, ...fields });
}
