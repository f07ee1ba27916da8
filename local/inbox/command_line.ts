/** The command line of `deno task events`. It is parsed before a database is connected. */
import { type Arguments, parseOptions, UsageError } from "../cli/command.ts";
import { TARGET_OPTIONS, type TargetValues } from "../cli/target.ts";
import { type EventFilter, FILTER_OPTIONS, parseFilter, requireNarrowFilter } from "./filters.ts";

export type EventsCommand =
  & { database: TargetValues }
  & (
    | { name: "counts"; json: boolean }
    | { name: "list"; filter: EventFilter; limit: number; before?: string; json: boolean }
    | { name: "show"; id: string; body: boolean; json: boolean }
    | { name: "replay"; id: string }
    | { name: "replay_all"; filter: EventFilter; limit: number; yes: boolean }
  );

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean", default: false } as const;

const OPTIONS = {
  counts: { ...TARGET_OPTIONS, json: FLAG },
  list: { ...TARGET_OPTIONS, ...FILTER_OPTIONS, json: FLAG, limit: TEXT, before: TEXT },
  show: { ...TARGET_OPTIONS, json: FLAG, body: FLAG },
  replay: { ...TARGET_OPTIONS, ...FILTER_OPTIONS, limit: TEXT, yes: FLAG },
} as const;

type Parsed<Name extends keyof typeof OPTIONS> = Arguments<(typeof OPTIONS)[Name]>;

function parseLimit(text: string | undefined, usual: number, most: number): number {
  const limit = Number(text ?? usual);
  if (!/^\d+$/.test(text ?? "1") || limit < 1 || limit > most) {
    throw new UsageError(`--limit takes a number from 1 to ${most}, not "${text}".`);
  }
  return limit;
}

/** 18 digits are always a bigint. */
function parseId(name: string, text: string): string {
  if (!/^\d{1,18}$/.test(text)) throw new UsageError(`${name} takes an event's ID, not "${text}".`);
  return text;
}

function refuseExtra(extra: string[]): void {
  if (extra.length > 0) throw new UsageError(`"${extra[0]}" is not understood. Try --help.`);
}

function parseList({ values, positionals }: Parsed<"list">, now: number): EventsCommand {
  refuseExtra(positionals);
  return {
    name: "list",
    database: values,
    filter: parseFilter(values, now),
    limit: parseLimit(values.limit, 50, 1000),
    ...(values.before !== undefined && { before: parseId("--before", values.before) }),
    json: values.json,
  };
}

function parseShow({ values, positionals: [id, ...extra] }: Parsed<"show">): EventsCommand {
  if (id === undefined) throw new UsageError("show takes an event's ID: events show ID");
  refuseExtra(extra);
  const { body, json } = values;
  return { name: "show", database: values, id: parseId("show", id), body, json };
}

function parseReplay(
  { values, positionals: [id, ...extra] }: Parsed<"replay">,
  now: number,
): EventsCommand {
  refuseExtra(extra);
  const filter = parseFilter(values, now);
  if (id !== undefined) {
    if (Object.keys(filter).length > 0 || values.limit !== undefined) {
      throw new UsageError("replay takes an ID or filters, not both.");
    }
    return { name: "replay", database: values, id: parseId("replay", id) };
  }
  requireNarrowFilter(filter);
  const limit = parseLimit(values.limit, 1000, 10_000);
  return { name: "replay_all", database: values, filter, limit, yes: values.yes };
}

function parseCounts({ values, positionals: [extra] }: Parsed<"counts">): EventsCommand {
  if (extra === undefined) return { name: "counts", database: values, json: values.json };
  throw new UsageError(
    extra in OPTIONS
      ? `"${extra}" comes before the options: events ${extra} ...`
      : `Unknown subcommand "${extra}": it may be list, show or replay. Try --help.`,
  );
}

/** Returns undefined if the arguments ask for help. @throws {UsageError} */
export function parseEventsCommand(args: string[], now = Date.now()): EventsCommand | undefined {
  const [subcommand, ...others] = args;
  switch (subcommand) {
    case "list": {
      const parsed = parseOptions(OPTIONS.list, others);
      return parsed && parseList(parsed, now);
    }
    case "show": {
      const parsed = parseOptions(OPTIONS.show, others);
      return parsed && parseShow(parsed);
    }
    case "replay": {
      const parsed = parseOptions(OPTIONS.replay, others);
      return parsed && parseReplay(parsed, now);
    }
    default: {
      const parsed = parseOptions(OPTIONS.counts, args);
      return parsed && parseCounts(parsed);
    }
  }
}
