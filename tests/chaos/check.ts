/** One line of a chaos run's result. */
import { formatTable } from "../../local/cli/table.ts";

export interface Check {
  what: string;
  expected: string;
  found: string;
  ok: boolean;
}

const count = (value: number | bigint) => value.toLocaleString("en");

export function equal(what: string, expected: number, found: number): Check {
  return { what, expected: count(expected), found: count(found), ok: expected === found };
}

export function atLeast(what: string, least: number, found: number): Check {
  return { what, expected: `at least ${count(least)}`, found: count(found), ok: found >= least };
}

export function atMost(what: string, most: number, found: number): Check {
  return { what, expected: `at most ${count(most)}`, found: count(found), ok: found <= most };
}

/** None of `items` may be; the first of them are named. */
export function none(what: string, items: string[]): Check {
  const examples = items.slice(0, 3).join(", ");
  const found = items.length === 0 ? "0" : `${count(items.length)}: ${examples}`;
  return { what, expected: "0", found, ok: items.length === 0 };
}

export function checkTable(checks: Check[]): string {
  const lines = [
    ["", "check", "expected", "found"],
    ...checks.map((check) => [
      check.ok ? "ok" : "WRONG",
      check.what,
      check.expected,
      check.found,
    ]),
  ];
  return formatTable(lines, { indent: "  " });
}
