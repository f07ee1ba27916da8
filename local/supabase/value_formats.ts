/** Values as PostgREST reads and writes them: how they are sent to Postgres and read from it. */
// @ts-types="../postgres/pg.d.ts"
import { types } from "pg";

type Parse = (text: string) => unknown;

const { arrayParser, builtins } = types;

const JSON_TYPES = new Set([builtins.JSON, builtins.JSONB]);

/**
 * @supabase/lite serializes the JSON arguments of functions, and leaves the JSON values of rows as they are:
 * text that is JSON already is sent unchanged.
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

/** @param type The parameter's type in Postgres; the driver would send an array as a Postgres array. */
export function serializeValue(value: unknown, type: number | undefined): unknown {
  return type !== undefined && JSON_TYPES.has(type) && value !== null && value !== undefined
    ? serializeJson(value)
    : value;
}

/** PostgREST answers numbers, where JavaScript can hold them. */
function parseNumeric(text: string): number | string {
  const digits = text.replace(/[-.]/g, "").length;
  return digits <= 15 ? Number(text) : text;
}

function parseBigint(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** PostgREST answers ISO 8601, where Postgres's own form has a blank in it and a short offset. */
function parseTimestamp(text: string): string {
  return text.replace(" ", "T").replace(/([+-]\d{2})$/, "$1:00");
}

/** Every other type stays text. */
const PARSERS = new Map<number | undefined, Parse>([
  [builtins.BOOL, (text) => text === "t"],
  [builtins.INT2, Number],
  [builtins.INT4, Number],
  [builtins.OID, Number],
  [builtins.FLOAT4, Number],
  [builtins.FLOAT8, Number],
  [builtins.INT8, parseBigint],
  [builtins.NUMERIC, parseNumeric],
  [builtins.JSON, (text) => JSON.parse(text)],
  [builtins.JSONB, (text) => JSON.parse(text)],
  [builtins.TIMESTAMPTZ, parseTimestamp],
]);

/** @param elements Element types by array type. */
export function parserOf(type: number, elements: Map<number, number>): Parse {
  const element = elements.get(type);
  if (element === undefined) return PARSERS.get(type) ?? ((text) => text);
  return (text) => arrayParser.create(text, parserOf(element, elements)).parse();
}
