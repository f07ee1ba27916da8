/** Lists: newest first, in pages. */
import { apiErrors } from "./errors.ts";
import type { List, StripeObject } from "./objects.ts";
import type { Params } from "./params.ts";

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

export const LIST_PARAMS = ["limit", "starting_after"] as const;

/** @throws {ApiError} */
export function readLimit(params: Params): number {
  const limit = params.integer("limit") ?? DEFAULT_LIMIT;
  if (limit < 1 || limit > MAX_LIMIT) {
    const message = `This value must be from 1 to ${MAX_LIMIT} (you passed ${limit}).`;
    throw apiErrors.invalidInteger("limit", message);
  }
  return limit;
}

/** @param objects Oldest first. @throws {ApiError} */
export function makePage<T extends StripeObject>(
  objects: T[],
  params: Params,
  { url, noun }: { url: string; noun: string },
): List<T> {
  const limit = readLimit(params);
  const newest = objects.toReversed();
  const after = params.text("starting_after");
  const index = after === undefined ? -1 : newest.findIndex(({ id }) => id === after);
  if (after !== undefined && index < 0) throw apiErrors.missing(noun, after, "starting_after");
  const start = index + 1;
  const data = newest.slice(start, start + limit);
  return { object: "list", data, has_more: newest.length > start + limit, url };
}
