/** Filters of `deno task events`. */
import { UsageError } from "../cli/command.ts";

/** A filter as the SQL functions take it. */
export type EventFilter = Record<string, string>;

const TEXT = { type: "string" } as const;

/** Options of the subcommands that take filters. */
export const FILTER_OPTIONS = {
  status: TEXT,
  source: TEXT,
  type: TEXT,
  shop: TEXT,
  object: TEXT,
  reason: TEXT,
  error: TEXT,
  since: TEXT,
  until: TEXT,
} as const;

type FilterOption = keyof typeof FILTER_OPTIONS;

const FILTER_KEYS: Record<FilterOption, string> = {
  status: "status",
  source: "source",
  type: "event_type",
  shop: "shop_id",
  object: "object_id",
  reason: "reason",
  error: "error",
  since: "received_after",
  until: "received_before",
};

/** The sentence of the SQL functions about a filter, with the option in place of the filter's name. */
export function nameOption(message: string): string {
  const sentence = message.replace(/^The filter "(\w+)"/, (unchanged, key) => {
    const [option] = Object.entries(FILTER_KEYS).find(([, name]) => name === key) ?? [];
    return option === undefined ? unchanged : `--${option}`;
  });
  return sentence.replace(/\.?$/, ".");
}

/** A replay needs one of them, so that it does not replay everything. */
const NARROWING: FilterOption[] = ["status", "type", "shop", "object", "reason", "error"];

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `2h` ago, or a time. @returns ISO 8601. @throws {UsageError} */
function parseTime(option: string, text: string, now: number): string {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const time = count === undefined
    // It must begin like ISO 8601: Date accepts much else, "1" as the year 2001.
    ? /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : new Date(NaN)
    : new Date(now - Number(count) * SECONDS[unit as keyof typeof SECONDS] * 1000);
  if (Number.isNaN(time.getTime())) {
    throw new UsageError(
      `--${option} takes a time like 2026-11-23T10:00:00Z or 2h (s, m, h, d), not "${text}".`,
    );
  }
  return time.toISOString();
}

/** @throws {UsageError} */
export function parseFilter(
  values: { [option in FilterOption]?: string | undefined },
  now: number,
): EventFilter {
  const filter: EventFilter = {};
  for (const [option, key] of Object.entries(FILTER_KEYS)) {
    const text = values[option as FilterOption];
    if (text === undefined) continue;
    if (text === "") throw new UsageError(`--${option} takes a text that is not empty.`);
    const isTime = option === "since" || option === "until";
    filter[key] = isTime ? parseTime(option, text, now) : text;
  }
  return filter;
}

/** @throws {UsageError} if the filter would match almost everything. */
export function requireNarrowFilter(filter: EventFilter): void {
  if (NARROWING.some((option) => FILTER_KEYS[option] in filter)) return;
  const options = NARROWING.map((option) => `--${option}`).join(", ");
  throw new UsageError(`replay takes an ID, or at least one of ${options}.`);
}
