/** Zod schemas of single values that several vendors' schemas are made of. */
import * as z from "zod/mini";
import { ID_TEXT, TIKTOK_ID } from "./fields.ts";
import { toStorable } from "./storable_text.ts";

/** A vendor's id, which is stored. */
export const IdText = z.string().check(z.regex(ID_TEXT, "an id"));

/** An id that is a number in some responses. */
export const VendorId = z.pipe(z.union([z.string(), z.pipe(z.int(), z.transform(String))]), IdText);

/** A TikTok id: digits. */
export const TikTokId = z.string().check(z.regex(TIKTOK_ID, "TikTok's id: digits"));

/**
 * As `z.catch`: another value takes the place of one that has another shape. Zod's own function has a bundle keep
 * all of Zod's helpers, 7 to 10 kB that each start would parse.
 */
export function withFallback<T extends z.ZodMiniType>(
  innerType: T,
  value: z.output<T>,
): z.ZodMiniCatch<T> {
  return new z.ZodMiniCatch({
    type: "catch",
    innerType,
    catchValue: () => value,
  }) as z.ZodMiniCatch<T>;
}

/** A value that a vendor may leave out. TikTok also writes "" where a value does not apply: it is absent. */
export function optionalValue<T extends z.ZodMiniType>(schema: T) {
  // The outer optional() lets the key be missing, which a transform alone does not.
  return z.optional(
    z.pipe(z.transform((value) => value === "" ? undefined : value), z.nullish(schema)),
  );
}

/** Text that may be absent, as Postgres can store it; another type counts as absent. */
export const OptionalText = withFallback(
  z.nullish(z.pipe(z.string(), z.transform((text) => toStorable(text) || null))),
  null,
);

/** A non-negative decimal string in major units, e.g. "46.21" USD or "159000" IDR; columns of money hold 12 digits. */
export const Amount = z.string().check(z.regex(/^\d{1,12}(\.\d+)?$/));

/** ISO 4217. */
export const CurrencyCode = z.string().check(z.regex(/^[A-Z]{3}$/));

/** Number of days that a carrier needs; another value counts as unknown. */
export const CarrierDays = withFallback(
  optionalValue(z.int().check(z.nonnegative(), z.maximum(1000))),
  null,
);

/** Unix seconds; digits in some responses. */
export const UnixSeconds = z.union([
  z.int().check(z.nonnegative()),
  z.pipe(z.string().check(z.regex(/^\d{1,15}$/)), z.transform(Number)),
]);

/** A time that a vendor may leave out; 0 means "never". */
export const OptionalUnixSeconds = z.optional(
  z.pipe(optionalValue(UnixSeconds), z.transform((seconds) => seconds || null)),
);

/** ISO 3166-1 alpha-2. */
export const CountryCode = z.string("two capital letters, e.g. US or GB").check(
  z.regex(/^[A-Z]{2}$/, "two capital letters, e.g. US or GB"),
);

/** Result of the SQL functions that settle an event. */
export const Outcome = z.looseObject({ outcome: z.string() });

/** Result of the SQL functions that return nothing. */
export const Nothing = z.pipe(z.unknown(), z.transform(() => undefined));
