/** Searches of the Open API: their filters, their order and their pages. */
import { refusals } from "./envelope.ts";

/** Parameters of the query that every search takes. */
export const SEARCH_PARAMETERS = ["page_size", "page_token", "sort_field", "sort_order"];

const SORT_FIELDS = ["create_time", "update_time"] as const;
const SORT_ORDERS = ["ASC", "DESC"] as const;

export interface SearchRules {
  /** Without a default the parameter is required. */
  pageSize: { min: number; max: number; default?: number };
  /** Without `sort_order`. */
  sortOrder: (typeof SORT_ORDERS)[number];
}

interface Timed {
  create_time: number;
  update_time: number;
}

/** @throws {TikTokRefusal} */
function oneOf<T extends string>(
  query: URLSearchParams,
  name: string,
  allowed: readonly T[],
  byDefault: T,
): T {
  const given = query.get(name) ?? byDefault;
  const found = allowed.find((value) => value === given);
  if (found === undefined) throw refusals.invalid(`query.${name}`);
  return found;
}

/** @throws {TikTokRefusal} */
function pageSizeOf(query: URLSearchParams, rules: SearchRules["pageSize"]): number {
  const given = query.get("page_size") ?? rules.default;
  if (given === undefined) throw refusals.missing("query.page_size");
  const size = Number(given);
  const isGood = /^\d+$/.test(String(given)) && size >= rules.min && size <= rules.max;
  if (!isGood) throw refusals.invalid("query.page_size");
  return size;
}

/** Tokens count places. @throws {TikTokRefusal} */
function startOf(query: URLSearchParams): number {
  const token = query.get("page_token") || "0";
  if (!/^\d+$/.test(token)) throw refusals.invalid("query.page_token");
  return Number(token);
}

/**
 * The page that a call wants, of what it finds.
 * @param id Decides between equal times.
 * @throws {TikTokRefusal}
 */
export function searchPage<T extends Timed>(
  found: T[],
  id: (one: T) => string,
  query: URLSearchParams,
  { pageSize, sortOrder }: SearchRules,
): { page: T[]; total_count: number; next_page_token: string } {
  const size = pageSizeOf(query, pageSize);
  const field = oneOf(query, "sort_field", SORT_FIELDS, "create_time");
  const direction = oneOf(query, "sort_order", SORT_ORDERS, sortOrder) === "ASC" ? 1 : -1;
  const start = startOf(query);
  const sorted = found.toSorted((a, b) =>
    direction * (a[field] - b[field]) || (id(a) < id(b) ? -1 : 1)
  );
  const end = start + size;
  return {
    page: sorted.slice(start, end),
    total_count: sorted.length,
    next_page_token: end < sorted.length ? String(end) : "",
  };
}

/**
 * The filters of a search. TikTok has more of them: a search by one that is not simulated would find too much,
 * so it is refused.
 * @throws {TikTokRefusal}
 */
export function filtersOf(
  body: Record<string, unknown>,
  { times = [], lists = [] }: { times?: readonly string[]; lists?: readonly string[] },
) {
  const other = Object.keys(body).find((name) => !times.includes(name) && !lists.includes(name));
  if (other !== undefined) throw refusals.unexpected(`body.${other}`);
  const badTime = times.find((name) => body[name] !== undefined && !Number.isInteger(body[name]));
  const isTexts = (value: unknown) =>
    Array.isArray(value) && value.every((entry) => typeof entry === "string");
  const badList = lists.find((name) => body[name] !== undefined && !isTexts(body[name]));
  const bad = badTime ?? badList;
  if (bad !== undefined) throw refusals.invalid(`body.${bad}`);
  return {
    /** Whether the time is in the window of `<field>_ge` and `<field>_lt`. */
    isInTime: (field: string, time: number) =>
      time >= Number(body[`${field}_ge`] ?? 0) && time < Number(body[`${field}_lt`] ?? Infinity),
    /** Whether the list of the call has the value; a call without the list takes all. */
    isListed: (name: string, value: string) =>
      body[name] === undefined || (body[name] as string[]).includes(value),
  };
}
