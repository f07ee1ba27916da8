/** Lists, newest first, cut into pages as Stripe does. */
import { refusals } from "./errors.ts";
import type { StripeObject } from "./objects.ts";
import type { Params } from "./params.ts";

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

export interface ListPage {
  object: "list";
  data: StripeObject[];
  has_more: boolean;
  url: string;
}

/** @throws {StripeRefusal} */
export function limitOf(params: Params): number {
  const limit = params.integer("limit") ?? DEFAULT_LIMIT;
  if (limit < 1 || limit > MAX_LIMIT) {
    throw refusals.invalid(
      limit < 1
        ? "This value must be greater than or equal to 1."
        : `This value must be less than or equal to ${MAX_LIMIT} (you passed ${limit}).`,
      { code: "parameter_invalid_integer", param: "limit" },
    );
  }
  return limit;
}

/** `created` as a time, or as `created[gte]` and its like. @throws {StripeRefusal} */
export function createdTest(params: Params): (created: number) => boolean {
  if (!params.has("created")) return () => true;
  if (params.isText("created")) {
    const exact = params.integer("created");
    return (created) => created === exact;
  }
  const range = params.object("created");
  const [gt, gte] = [range.integer("gt") ?? -Infinity, range.integer("gte") ?? -Infinity];
  const [lt, lte] = [range.integer("lt") ?? Infinity, range.integer("lte") ?? Infinity];
  return (created) => created > gt && created >= gte && created < lt && created <= lte;
}

/** @param objects All that the call asks for, oldest first. @throws {StripeRefusal} */
export function listPage(
  objects: StripeObject[],
  params: Params,
  { url, noun }: { url: string; noun: string },
): ListPage {
  const limit = limitOf(params);
  const isMeant = createdTest(params);
  const newest = objects.filter(({ created }) => isMeant(Number(created))).reverse();
  const indexOf = (key: "starting_after" | "ending_before") => {
    const id = params.text(key);
    if (id === undefined) return undefined;
    const index = newest.findIndex((object) => object.id === id);
    if (index < 0) throw refusals.missing(noun, id, key);
    return index;
  };
  const [after, before] = [indexOf("starting_after"), indexOf("ending_before")];
  if (after !== undefined && before !== undefined) {
    throw refusals.invalid(
      "You may only specify one of these parameters: starting_after, ending_before.",
    );
  }
  if (before !== undefined) {
    const start = Math.max(before - limit, 0);
    return { object: "list", data: newest.slice(start, before), has_more: start > 0, url };
  }
  const start = after === undefined ? 0 : after + 1;
  const data = newest.slice(start, start + limit);
  return { object: "list", data, has_more: newest.length > start + limit, url };
}
