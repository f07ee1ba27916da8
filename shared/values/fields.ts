/**
 * Single fields of JSON from outside, checked by hand. For the receivers of webhooks: they read few fields, and
 * Zod takes longer to load than all else that they need.
 */

export type Fields = Readonly<Record<string, unknown>>;

/** Visible ASCII, and not so long that an index cannot hold it. */
export const ID_TEXT = /^[\x21-\x7e]{1,255}$/;

/** A TikTok id. */
export const TIKTOK_ID = /^[0-9]{1,32}$/;

/** Whether it is an object, and no list. */
export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields of an object; anything else has none. */
export function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}

/** A text of this form; `null` for anything else. */
export function textOf(value: unknown, form: RegExp): string | null {
  return typeof value === "string" && form.test(value) ? value : null;
}

/** A whole number from 0 to `max`; `null` for anything else. */
export function countOf(value: unknown, max = Number.MAX_SAFE_INTEGER): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max
    ? value as number
    : null;
}
