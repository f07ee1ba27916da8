/** Lists in TikTok's answers, read element by element: an odd element does not spoil the others. */
import * as z from "zod/mini";
import { VendorId } from "../../values/schemas.ts";
import { TikTokError } from "./errors.ts";
import { describeIssues } from "../../values/zod_messages.ts";

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

/** @param what Names the call in errors, e.g. its path. */
export function readElements<T extends z.ZodMiniType>(
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
        describeIssues(result.error.issues, "element")
      } (${what})`,
    );
    elements.unreadable.push({ id, error });
  }
  return elements;
}
