/** The part of Stripe's search language that finds customers by metadata: `metadata['user_id']:'1'`. */
import { apiErrors } from "./errors.ts";
import type { Customer } from "./objects.ts";

const QUERY =
  /^\s*metadata\[(?<quote>["'])(?<key>(?:\\.|(?!\k<quote>).)*)\k<quote>\]\s*:\s*(?<valueQuote>["'])(?<value>(?:\\.|(?!\k<valueQuote>).)*)\k<valueQuote>\s*$/;

function unescapeText(text = ""): string {
  return text.replace(/\\(.)/g, "$1");
}

/** @throws {ApiError} */
export function parseCustomerQuery(query: string): (customer: Customer) => boolean {
  const { key, value } = QUERY.exec(query)?.groups ?? {};
  if (key === undefined) {
    throw apiErrors.invalid(
      `We were unable to parse your search query (${query}). Try using the format ` +
        '`metadata["key"]:"value"` to search for metadata.',
      { param: "query" },
    );
  }
  return ({ metadata }) => metadata[unescapeText(key)] === unescapeText(value);
}
