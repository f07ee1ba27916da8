/** JSON that is equal for equal values. */

/**
 * As `JSON.stringify`, but whatever the order of an object's fields, the text is the same.
 * @throws {RangeError} for what is nested too deeply to be written.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry) => {
    if (entry === null || typeof entry !== "object" || Array.isArray(entry)) return entry;
    return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => a < b ? -1 : 1));
  });
}
