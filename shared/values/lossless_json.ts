/** JSON with ids above 2^53, which JSON.parse would round: TikTok sends such numbers. */
import { parseJson } from "./json.ts";

const NONE: ReadonlySet<string> = new Set();

/**
 * As JSON.parse, but a number that a double cannot hold, an integer or one like 1e400, becomes a string
 * with all its digits; so does every number under a key of `asWritten`, where 9007199254740990.6 must not
 * become the integer next to it. A byte order mark at the start is skipped.
 * @throws {SyntaxError} also for more than 100 levels
 */
export function parseLosslessJson(
  text: string,
  asWritten: ReadonlySet<string> = NONE,
): unknown {
  const reviver = (key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" &&
      (asWritten.has(key) || !Number.isFinite(value) ||
        (!Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")))
      ? context?.source
      : value;
  return parseJson(text.replace(/^\ufeff/, ""), reviver);
}
