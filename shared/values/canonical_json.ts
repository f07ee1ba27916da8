/** JSON that is equal for equal values. */

/**
 * As `JSON.stringify`, but the text does not depend on the order of an object's fields.
 * @throws {RangeError} for a value that is nested too deeply.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry) => {
    if (entry === null || typeof entry !== "object" || Array.isArray(entry)) return entry;
    return Object.fromEntries(Object.entries(entry).sort(([a], [b]) => a < b ? -1 : 1));
  });
}
