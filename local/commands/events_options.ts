/** What `deno task events` was asked to do. Nothing is connected to before it is understood. */
import { parseArgs } from "node:util";
import { TARGET_OPTIONS } from "../cli/target.ts";
import { UsageError } from "../cli/options.ts";

export const HELP = `Looks at the inbox, and replays its events.

  npx -y deno@2.9.5 task events                     how many, by state and type, and the oldest
  npx -y deno@2.9.5 task events list [filters]      the newest first
    --limit N         so many                       (50; 1 to 1000)
    --before ID       the page behind this event
  npx -y deno@2.9.5 task events show ID             one event
    --body            with its body, which may hold personal data
  npx -y deno@2.9.5 task events replay ID           works one again that is settled
  npx -y deno@2.9.5 task events replay FILTERS      the same for the oldest of them; it asks
    --limit N         so many                       (1000; 1 to 10000)
    --yes             without asking

Filters; all that are given must hold:
  --status S          pending, processing, done, ignored, held or dead
  --source S          tiktok, stripe, easypost or creatorflow
  --type T            e.g. ORDER_STATUS_CHANGE
  --shop ID           TikTok's shop id
  --object ID         TikTok's order id; of a label's task, the shipment's id
  --reason TEXT       the whole reason
  --error TEXT        a part of the last error, in any case
  --since TIME        received then or later: 2026-11-23T10:00:00Z, or 90s, 30m, 2h, 3d ago
  --until TIME        received before then

replay wants an ID, or one of --status, --type, --shop, --object, --reason and --error. Without --status
it replays done events too: an order that is in already is brought up to date.

  --json              all but replay: for programs
  --data DIR          data folder of the running stack     (.local)
  --db-url URL        another database, in place of the running stack's

Exit code 0: done. 1: it could not, or the answer was no. 2: not understood.`;

/** A filter as the SQL functions take it. */
export type EventFilter = Record<string, string>;

interface Database {
  data: string;
  "db-url"?: string | undefined;
}

export type Command =
  & { database: Database }
  & (
    | { name: "counts"; json: boolean }
    | { name: "list"; filter: EventFilter; limit: number; before?: string; json: boolean }
    | { name: "show"; id: string; body: boolean; json: boolean }
    | { name: "replay"; id: string }
    | { name: "replay_all"; filter: EventFilter; limit: number; yes: boolean }
  );

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean", default: false } as const;

const FILTER_OPTIONS = {
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

/** One of them keeps a replay from being of everything. */
const NARROWING: FilterOption[] = ["status", "type", "shop", "object", "reason", "error"];

const OPTIONS = {
  counts: { ...TARGET_OPTIONS, json: FLAG },
  list: { ...TARGET_OPTIONS, ...FILTER_OPTIONS, json: FLAG, limit: TEXT, before: TEXT },
  show: { ...TARGET_OPTIONS, json: FLAG, body: FLAG },
  replay: { ...TARGET_OPTIONS, ...FILTER_OPTIONS, limit: TEXT, yes: FLAG },
} as const;

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `2h` ago, or a time. @returns ISO 8601. @throws {UsageError} */
function parseTime(option: string, text: string, now: number): string {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const time = count === undefined
    // Only what begins like ISO 8601: Date takes much else for a time, "1" for the year 2001.
    ? /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : new Date(NaN)
    : new Date(now - Number(count) * SECONDS[unit as keyof typeof SECONDS] * 1000);
  if (Number.isNaN(time.getTime())) {
    throw new UsageError(
      `--${option} takes a time like 2026-11-23T10:00:00Z or 2h (s, m, h, d), not "${text}".`,
    );
  }
  return time.toISOString();
}

function parseFilter(
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

function parseLimit(text: string | undefined, usual: number, most: number): number {
  const limit = Number(text ?? usual);
  if (!/^\d+$/.test(text ?? "1") || limit < 1 || limit > most) {
    throw new UsageError(`--limit takes a number from 1 to ${most}, not "${text}".`);
  }
  return limit;
}

/** 18 digits are always a bigint. */
function parseId(what: string, text: string): string {
  if (!/^\d{1,18}$/.test(text)) throw new UsageError(`${what} takes an event's ID, not "${text}".`);
  return text;
}

function parseArguments<Name extends keyof typeof OPTIONS>(name: Name, args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: OPTIONS[name] });
  } catch (error) {
    throw new UsageError(`${(error as Error).message} Try --help.`);
  }
}

function refuseRest(rest: string[]): void {
  if (rest.length > 0) throw new UsageError(`"${rest[0]}" is not understood. Try --help.`);
}

/** @returns undefined if help was asked for. @throws {UsageError} */
export function parseCommand(args: string[], now = Date.now()): Command | undefined {
  const [first, ...others] = args;
  if (first === "list") {
    const { values, positionals } = parseArguments("list", others);
    if (values.help) return undefined;
    refuseRest(positionals);
    return {
      name: "list",
      database: values,
      filter: parseFilter(values, now),
      limit: parseLimit(values.limit, 50, 1000),
      ...(values.before !== undefined && { before: parseId("--before", values.before) }),
      json: values.json,
    };
  }
  if (first === "show") {
    const { values, positionals: [id, ...rest] } = parseArguments("show", others);
    if (values.help) return undefined;
    if (id === undefined) throw new UsageError("show takes an event's ID: events show ID");
    refuseRest(rest);
    const { body, json } = values;
    return { name: "show", database: values, id: parseId("show", id), body, json };
  }
  if (first === "replay") {
    const { values, positionals: [id, ...rest] } = parseArguments("replay", others);
    if (values.help) return undefined;
    refuseRest(rest);
    const filter = parseFilter(values, now);
    if (id !== undefined) {
      if (Object.keys(filter).length > 0 || values.limit !== undefined) {
        throw new UsageError("replay takes an ID or filters, not both.");
      }
      return { name: "replay", database: values, id: parseId("replay", id) };
    }
    if (!NARROWING.some((option) => FILTER_KEYS[option] in filter)) {
      const options = NARROWING.map((option) => `--${option}`).join(", ");
      throw new UsageError(`replay takes an ID, or at least one of ${options}.`);
    }
    const limit = parseLimit(values.limit, 1000, 10_000);
    return { name: "replay_all", database: values, filter, limit, yes: values.yes };
  }
  const { values, positionals } = parseArguments("counts", args);
  if (values.help) return undefined;
  const [stray] = positionals;
  if (stray !== undefined) {
    throw new UsageError(
      stray in OPTIONS
        ? `"${stray}" comes before the options: events ${stray} ...`
        : `There is no "events ${stray}": there are list, show and replay. Try --help.`,
    );
  }
  return { name: "counts", database: values, json: values.json };
}
