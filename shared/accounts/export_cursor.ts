/** Start of a part of the export, as text for a URL. */
import * as z from "zod/mini";
import { fromBase64, toBase64Url } from "../crypto/encoding.ts";
import { InvalidCursorError } from "./errors.ts";
import { PageKey } from "./pages.ts";

const Cursor = z.strictObject({
  /** Number of the part of the export, from 1. */
  number: z.int().check(z.minimum(2), z.maximum(1_000_000)),
  from: z.strictObject({
    part: z.string().check(z.regex(/^[a-z_]{1,40}$/)),
    after: z.nullable(PageKey),
  }),
});
export type Cursor = z.infer<typeof Cursor>;

export function encodeCursor(cursor: Cursor): string {
  return toBase64Url(new TextEncoder().encode(JSON.stringify(cursor)));
}

/** @throws {InvalidCursorError} */
export function decodeCursor(text: string): Cursor {
  try {
    return Cursor.parse(JSON.parse(new TextDecoder().decode(fromBase64(text))));
  } catch (cause) {
    throw new InvalidCursorError("not a cursor of an export", { cause });
  }
}
