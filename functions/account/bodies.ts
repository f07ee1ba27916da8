/** The bodies and query parameters that `account` takes. */
import * as z from "zod/mini";
import type { TimeRange } from "../../shared/accounts/lists.ts";
import { problemOf } from "../../shared/http/problem_table.ts";
import { MAX_UNIX_SECONDS } from "../../shared/values/times.ts";
import { PROBLEMS } from "./problems.ts";

export const DeleteBody = z.strictObject({
  /** The account's own address: a request that is sent by mistake deletes nothing. */
  email: z.string("the e-mail address of the account").check(z.maxLength(320)),
});

const Day = z.iso.date();
const Time = z.iso.datetime({ offset: true });
const DAY_MS = 24 * 3600 * 1000;

/** A day is that of UTC. @returns Milliseconds since 1970; `undefined` for anything else. */
function readTime(text: string | null, { end }: { end: boolean }): number | undefined {
  if (Day.safeParse(text).success) return Date.parse(`${text}T00:00:00Z`) + (end ? DAY_MS : 0);
  return Time.safeParse(text).success ? Date.parse(text ?? "") : undefined;
}

/** Postgres has no year 0, and JavaScript writes years after 9999 in another form. */
function storableTime(milliseconds: number): string {
  const [first, last] = [Date.parse("0001-01-01T00:00:00Z"), (MAX_UNIX_SECONDS + 1) * 1000 - 1];
  return new Date(Math.min(Math.max(milliseconds, first), last)).toISOString();
}

/**
 * `from` and `to` of the URL: days, both included, or times, of which `to` is excluded.
 * @throws {Problem} 400
 */
export function readTimeRange(request: Request): TimeRange {
  const query = new URL(request.url).searchParams;
  const from = readTime(query.get("from"), { end: false });
  const to = readTime(query.get("to"), { end: true });
  if (from === undefined || to === undefined || from >= to) {
    throw problemOf(PROBLEMS, "invalid_range");
  }
  return { from: storableTime(from), to: storableTime(to) };
}
