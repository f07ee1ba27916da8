/** Stripe's ids and billing periods. */

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A prefix such as `sub`, and random letters and digits. */
export function newId(prefix: string, length = 24): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return `${prefix}_${Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("")}`;
}

export const DAY_SECONDS = 86_400;

export interface Period {
  start: number;
  end: number;
}

/**
 * A month from `start`.
 * @param anchor Its day of the month is kept in every month that has such a day.
 */
export function monthFrom(start: number, anchor: number): Period {
  const from = new Date(start * 1000);
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth() + 1];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = Math.min(new Date(anchor * 1000).getUTCDate(), lastDay);
  return { start, end: Date.UTC(year, month, day) / 1000 + (start % DAY_SECONDS) };
}
