/** Values as PostgREST reads and writes them, where @supabase/lite does it differently. */

/**
 * The library serializes JSON arguments of functions, and its driver would do so again: a jsonb argument
 * would arrive as a string. PostgREST passes it unchanged.
 */
function serializeJson(value: unknown): string {
  if (typeof value === "string") {
    try {
      JSON.parse(value);
      return value;
    } catch {
      // A plain string, for a json column.
    }
  }
  return JSON.stringify(value);
}

/** PostgREST answers numbers, where the library keeps "12.50" as text to show both decimals. */
function parseNumeric(text: string): number | string {
  const digits = text.replace(/[-.]/g, "").length;
  return digits <= 15 ? Number(text) : text;
}

/** PostgREST answers ISO 8601, where Postgres's own form has a blank in it and a short offset. */
function parseTimestamp(text: string): string {
  return text.replace(" ", "T").replace(/([+-]\d{2})$/, "$1:00");
}

/** Option `types` of postgres.js. */
export const VALUE_FORMATS = {
  json: { to: 114, from: [114], serialize: serializeJson, parse: JSON.parse },
  jsonb: { to: 3802, from: [3802], serialize: serializeJson, parse: JSON.parse },
  numeric: { to: 1700, from: [1700], serialize: String, parse: parseNumeric },
  timestamptz: {
    to: 1184,
    from: [1184],
    serialize: (value: unknown) => value,
    parse: parseTimestamp,
  },
};
