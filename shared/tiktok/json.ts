/** TikTok sends some ids as JSON numbers above 2^53, which JSON.parse would round. */

/** As JSON.parse, but an integer that a double cannot hold becomes a string with all its digits. */
export function parseJson(text: string): unknown {
  // The third argument is "JSON.parse source text access", newer than TypeScript's own types.
  const reviver = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) &&
      /^-?\d+$/.test(context?.source ?? "")
      ? context?.source
      : value;
  return JSON.parse(text, reviver);
}
