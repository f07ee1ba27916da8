/** Lists in TikTok's answers, read element by element: an odd element does not spoil the others. */
import * as z from "zod";
import { VendorId } from "../../values/schemas.ts";
import { TikTokError } from "./errors.ts";

/** An element that could not be read. */
export interface UnreadableElement {
  /** Its TikTok id; `null` if that is unreadable too. */
  id: string | null;
  /** Names paths and types, no values. */
  error: TikTokError;
}

export interface Elements<T> {
  read: T[];
  unreadable: UnreadableElement[];
}

const Identified = z.looseObject({ id: VendorId });

/** A list of anything, which may be absent. */
export const AnyList = z.preprocess(
  (value) => value === "" || value === null || value === undefined ? [] : value,
  z.array(z.unknown()),
);

/**
 * A list for choosing from: an element that cannot be read is left out. With none that can be read the list is
 * unreadable.
 */
export function readableElements<T extends z.ZodType>(schema: T) {
  return AnyList.transform((list, context) => {
    const results = list.map((element) => schema.safeParse(element));
    const read = results.flatMap((result) => result.success ? [result.data] : []);
    const [first] = results;
    if (read.length === 0 && first !== undefined && !first.success) {
      context.addIssue({ code: "custom", message: z.prettifyError(first.error) });
    }
    return read;
  });
}

/** @param what Names the call in errors, e.g. its path. */
export function readElements<T extends z.ZodType>(
  schema: T,
  list: readonly unknown[],
  what: string,
): Elements<z.infer<T>> {
  const elements: Elements<z.infer<T>> = { read: [], unreadable: [] };
  for (const element of list) {
    const result = schema.safeParse(element);
    if (result.success) {
      elements.read.push(result.data);
      continue;
    }
    const id = Identified.safeParse(element).data?.id ?? null;
    const name = id === null ? "an element without a readable id" : `element ${id}`;
    const error = new TikTokError(
      `TikTok's answer has ${name} that is not readable: ${
        z.prettifyError(result.error)
      } (${what})`,
    );
    elements.unreadable.push({ id, error });
  }
  return elements;
}
