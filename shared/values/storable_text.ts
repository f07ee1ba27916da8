/** Text that Postgres can store: it takes neither NUL nor half of a surrogate pair. */

/**
 * Leaves out NUL, and replaces half surrogates, in every text of `value`: a name that was cut in the
 * middle of an emoji has one.
 */
export function toStorable<T>(value: T): T {
  if (typeof value === "string") return value.replaceAll("\0", "").toWellFormed() as T;
  if (Array.isArray(value)) return value.map(toStorable) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [toStorable(key), toStorable(entry)]),
  ) as T;
}

/** Whether every text of `value`, keys included, can be stored as it is. */
export function isStorable(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed() && !value.includes("\0");
  if (value === null || typeof value !== "object") return true;
  return Object.entries(value).every(([key, entry]) => isStorable(key) && isStorable(entry));
}
