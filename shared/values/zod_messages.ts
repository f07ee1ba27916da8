/**
 * Messages in plain words about invalid values, for schemas without one of their own. `zod/mini` has none by
 * default, and Zod's English ones speak of its own terms. No message has a value.
 */
import { config, type core } from "zod/mini";

const TYPES: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  null: "null",
};

const FORMATS: Record<string, string> = {
  uuid: "a UUID",
  email: "an e-mail address",
  url: "a URL",
  date: "a day, such as 2026-01-31",
  datetime: "a time, such as 2026-01-31T12:00:00Z",
};

const UNITS: Record<string, string> = { string: " character", array: " item" };

function typeOf(value: unknown): string {
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  return TYPES[type] ?? type;
}

function ofType({ expected, input }: core.$ZodRawIssue<core.$ZodIssueInvalidType>): string {
  const wanted = TYPES[expected] ?? expected;
  if (input === undefined) return `${wanted}, but it is missing`;
  // A number that is not whole, or too large.
  const found = typeOf(input);
  return found === TYPES.number && /number|int/.test(expected) ? wanted : `${wanted}, not ${found}`;
}

function ofSize(limit: string, size: number | bigint, origin: string): string {
  const unit = UNITS[origin];
  if (unit === undefined) return `${limit} ${size}`;
  return `${limit} ${size}${unit}${Number(size) === 1 ? "" : "s"}`;
}

function onlyFields(keys: string[], inst: unknown): string {
  const { shape = {} } = (inst as { _zod?: { def?: { shape?: object } } })?._zod?.def ?? {};
  const unknown = keys.map((key) => JSON.stringify(key)).join(", ");
  const names = Object.keys(shape).join(", ") || "none";
  return `only the fields that exist (${names}), not ${unknown}`;
}

function messageOf(issue: core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return ofType(issue);
    case "invalid_value": {
      const wanted = issue.values.map(String).join(", ");
      return issue.values.length === 1 ? wanted : `one of ${wanted}`;
    }
    case "too_small":
      return ofSize(issue.inclusive ? "at least" : "more than", issue.minimum, issue.origin);
    case "too_big":
      return ofSize(issue.inclusive ? "at most" : "less than", issue.maximum, issue.origin);
    case "invalid_format":
      return FORMATS[issue.format] ?? `a text that matches ${issue.pattern}`;
    case "unrecognized_keys":
      return onlyFields(issue.keys, issue.inst);
    case "invalid_union":
      if (Array.isArray(issue.options)) return `one of ${issue.options.map(String).join(", ")}`;
      return issue.errors.map(([first]) => first?.message).join("; or ") || "another form";
    default:
      return "another value";
  }
}

// Before the locale, which `zod` sets for itself.
config({ customError: messageOf });

/**
 * One sentence for each issue: `region: expected a text, not a number.` It quotes no values.
 * @param whole What has the fields, such as `body`.
 */
export function describeIssues(issues: readonly core.$ZodIssue[], whole: string): string {
  return issues.map(({ path, message }) => `${path.join(".") || whole}: expected ${message}.`)
    .join(" ");
}
