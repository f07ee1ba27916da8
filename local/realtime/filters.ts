/** Filters of `postgres_changes`, such as `order_status=in.(received,in_transit),total_amount=gt.10`. */

const OPERATORS = {
  eq: "=",
  neq: "<>",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
  in: "= any",
  like: "like",
  ilike: "ilike",
  match: "~",
  imatch: "~*",
  is: "is",
  isdistinct: "is distinct from",
} as const;

type Operator = keyof typeof OPERATORS;

export interface Filter {
  column: string;
  operator: Operator;
  /** As SQL casts it: of `in` the text of an array. */
  value: string;
  isNegated: boolean;
}

/** The sentence is for the subscriber. */
export class FilterError extends Error {
  override name = "FilterError";
}

const KEYWORDS = ["null", "true", "false", "unknown"];

function splitAtCommas(text: string): string[] {
  const parts = [""];
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (quoted && char === "\\") {
      parts[parts.length - 1] += char + text.charAt(++at);
      continue;
    }
    if (char === '"' && (quoted || /[.(,]/.test(text.charAt(at - 1)))) quoted = !quoted;
    else if (!quoted && char === "(") depth++;
    else if (!quoted && char === ")") depth = Math.max(0, depth - 1);
    if (!quoted && depth === 0 && char === ",") parts.push("");
    else parts[parts.length - 1] += char;
  }
  return parts;
}

function readValue(operator: Operator, text: string): string {
  if (operator === "in") {
    const list = /^\((.*)\)$/s.exec(text)?.[1];
    if (list === undefined) {
      throw new FilterError("`in` filter value must be wrapped by parentheses");
    }
    return `{${list}}`;
  }
  if (operator === "is" && !KEYWORDS.includes(text)) {
    throw new FilterError("invalid value for is filter: must be null, true, false, or unknown");
  }
  return /^"(?:[^"\\]|\\.)*"$/s.test(text) ? text.slice(1, -1).replaceAll(/\\(.)/gs, "$1") : text;
}

function parseFilter(text: string): Filter {
  if (text === "") {
    throw new FilterError("filter must not contain empty segments (check for extra commas)");
  }
  const [, column, not, operator, value] = /^([^=]*)=(not\.)?([^.]*)\.(.*)$/s.exec(text) ?? [];
  if (column === undefined || value === undefined) throw new FilterError(JSON.stringify([text]));
  if (operator === undefined || !Object.hasOwn(OPERATORS, operator)) {
    throw new FilterError(JSON.stringify([operator, value]));
  }
  const known = operator as Operator;
  return { column, operator: known, value: readValue(known, value), isNegated: not !== undefined };
}

/** The filters of a subscription; a row must pass all of them. @throws {FilterError} */
export function parseFilters(text: string): Filter[] {
  if (text.trim() === "") return [];
  return splitAtCommas(text).map((part) => parseFilter(part.trim()));
}

/**
 * The SQL condition of a filter; null counts as false.
 * @param operand The column's value.
 * @param type The column's type.
 * @param parameter Its value is the filter's.
 */
export function toCondition(
  { operator, value, isNegated }: Filter,
  operand: string,
  type: string,
  parameter: string,
): string {
  const symbol = OPERATORS[operator];
  const right = operator === "is"
    ? value
    : operator === "in"
    ? `(cast(${parameter} as ${type}[]))`
    : `cast(${parameter} as ${type})`;
  // A parameter that is not used has no type.
  const unused = operator === "is" ? `, ${parameter} is null` : "";
  const condition = `${operand} ${symbol} ${right}`;
  const result = `coalesce(${isNegated ? `not (${condition})` : condition}, false)`;
  return unused === "" ? result : `(array[${result}${unused}])[1]`;
}
