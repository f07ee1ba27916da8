/** Times as Postgres and JSON take them. */

/** Last second with a year of four digits: JavaScript writes later years as `+012345`. */
export const MAX_UNIX_SECONDS = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/** Unix seconds as ISO 8601, at most the end of the year 9999. */
export function isoTime(seconds: number): string {
  return new Date(Math.min(seconds, MAX_UNIX_SECONDS) * 1000).toISOString();
}

/** Unix seconds as ISO 8601; `null` for none and for 0, which TikTok writes for "never". */
export function isoTimeOrNull(seconds: number | null | undefined): string | null {
  return seconds ? isoTime(seconds) : null;
}

/** Any text that `Date` reads as ISO 8601; `null` for other texts and for years past 9999. */
export function isoTimeOfText(text: string | null | undefined): string | null {
  const milliseconds = Date.parse(text ?? "");
  return milliseconds >= 0 && milliseconds <= MAX_UNIX_SECONDS * 1000
    ? new Date(milliseconds).toISOString()
    : null;
}
