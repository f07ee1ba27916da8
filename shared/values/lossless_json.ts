/** TikTok sends some ids as JSON numbers above 2^53, which JSON.parse would round. */

const NONE: ReadonlySet<string> = new Set();

/**
 * As JSON.parse, but a number that a double cannot hold, an integer or one like 1e400, becomes a string
 * with all its digits; so does every number under a key of `asWritten`, where 9007199254740990.6 must not
 * become the integer next to it.
 */
export function parseJson(text: string, asWritten: ReadonlySet<string> = NONE): unknown {
  // The third argument is "JSON.parse source text access", newer than TypeScript's own types.
  const reviver = (key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" &&
      (asWritten.has(key) || !Number.isFinite(value) ||
        (!Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")))
      ? context?.source
      : value;
  return JSON.parse(text, reviver);
}

/**
 * Postgres stores neither NUL nor half of a surrogate pair, as a name that was cut in the middle of an
 * emoji has: such characters are left out, or replaced, in every text of `value`.
 */
export function storable<T>(value: T): T {
  if (typeof value === "string") return value.replaceAll("\0", "").toWellFormed() as T;
  if (Array.isArray(value)) return value.map(storable) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [storable(key), storable(entry)]),
  ) as T;
}
