/** Zod schemas of single values that several vendors' schemas are made of. */
import * as z from "zod";
import { toStorable } from "./storable_text.ts";

/** An id that is a number in some responses. */
export const VendorId = z.union([z.string(), z.int().transform(String)]).pipe(z.string().min(1));

/** A TikTok id: digits. */
export const TikTokId = z.string().regex(/^[0-9]{1,32}$/, "TikTok's id: digits");

/** Text that may be absent, as Postgres can store it; another type counts as absent. */
export const OptionalText = z.string().transform(toStorable).nullish().catch(null);

/** A non-negative decimal string in major units, e.g. "46.21" USD or "159000" IDR. */
export const Amount = z.string().regex(/^\d+(\.\d+)?$/);

/** Unix seconds. */
export const UnixSeconds = z.int().nonnegative();

/** ISO 3166-1 alpha-2. */
export const CountryCode = z.string("two capital letters, e.g. US or GB")
  .regex(/^[A-Z]{2}$/, "two capital letters, e.g. US or GB");

/** Result of the SQL functions that settle an event. */
export const Outcome = z.looseObject({ outcome: z.string() });

/** Result of the SQL functions that return nothing. */
export const Nothing = z.unknown().transform(() => undefined);
