/** Stripe's ids and times. */

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** E.g. `sub_` and 24 letters and digits. */
export function newId(prefix: string, length = 24): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return `${prefix}_${Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("")}`;
}

export const DAY_SECONDS = 86_400;

export type Interval = "day" | "week" | "month" | "year";

function monthsLater(start: number, months: number, anchor: number): number {
  const from = new Date(start * 1000);
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth() + months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = Math.min(new Date(anchor * 1000).getUTCDate(), lastDay);
  return Date.UTC(year, month, day) / 1000 + (start % DAY_SECONDS);
}

/**
 * When a period ends that begins at `start`.
 * @param anchor Its day of the month is kept where the month has it.
 */
export function periodEnd(
  start: number,
  { interval, interval_count: count }: { interval: Interval; interval_count: number },
  anchor: number,
): number {
  switch (interval) {
    case "day":
      return start + count * DAY_SECONDS;
    case "week":
      return start + count * 7 * DAY_SECONDS;
    case "month":
      return monthsLater(start, count, anchor);
    case "year":
      return monthsLater(start, count * 12, anchor);
  }
}
