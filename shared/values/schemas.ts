/** Zod schemas of single values that several vendors' schemas are made of. */
import * as z from "zod";
import { ID_TEXT, TIKTOK_ID } from "./fields.ts";
import { toStorable } from "./storable_text.ts";

/** A vendor's id, which is stored. */
export const IdText = z.string().regex(ID_TEXT, "an id");

/** An id that is a number in some responses. */
export const VendorId = z.union([z.string(), z.int().transform(String)]).pipe(IdText);

/** A TikTok id: digits. */
export const TikTokId = z.string().regex(TIKTOK_ID, "TikTok's id: digits");

/** A value that a vendor may leave out. TikTok also writes "" where a value does not apply: it is absent. */
export function optionalValue<T extends z.ZodType>(schema: T) {
  // The outer optional() lets the key be missing, which a preprocess alone does not.
  return z.preprocess((value) => value === "" ? undefined : value, schema.nullish()).optional();
}

/** Text that may be absent, as Postgres can store it; another type counts as absent. */
export const OptionalText = z.string().transform((text) => toStorable(text) || null).nullish()
  .catch(null);

/** A non-negative decimal string in major units, e.g. "46.21" USD or "159000" IDR. */
export const Amount = z.string().regex(/^\d+(\.\d+)?$/);

/** Unix seconds; digits in some responses. */
export const UnixSeconds = z.union([
  z.int().nonnegative(),
  z.string().regex(/^\d{1,15}$/).transform(Number),
]);

/** A time that a vendor may leave out; 0 means "never". */
export const OptionalUnixSeconds = optionalValue(UnixSeconds)
  .transform((seconds) => seconds || null).optional();

/** ISO 3166-1 alpha-2. */
export const CountryCode = z.string("two capital letters, e.g. US or GB")
  .regex(/^[A-Z]{2}$/, "two capital letters, e.g. US or GB");

/** Result of the SQL functions that settle an event. */
export const Outcome = z.looseObject({ outcome: z.string() });

/** Result of the SQL functions that return nothing. */
export const Nothing = z.unknown().transform(() => undefined);
