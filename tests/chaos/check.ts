/** One line of a chaos run's result. */
import { formatTable } from "../../local/cli/table.ts";

export interface Check {
  name: string;
  expected: string;
  found: string;
  ok: boolean;
}

const count = (value: number | bigint) => value.toLocaleString("en");

export function equal(name: string, expected: number, found: number): Check {
  return { name, expected: count(expected), found: count(found), ok: expected === found };
}

export function atLeast(name: string, least: number, found: number): Check {
  return { name, expected: `at least ${count(least)}`, found: count(found), ok: found >= least };
}

export function atMost(name: string, most: number, found: number): Check {
  return { name, expected: `at most ${count(most)}`, found: count(found), ok: found <= most };
}

/** `items` must be empty; the result names the first ones. */
export function none(name: string, items: string[]): Check {
  const examples = items.slice(0, 3).join(", ");
  const found = items.length === 0 ? "0" : `${count(items.length)}: ${examples}`;
  return { name, expected: "0", found, ok: items.length === 0 };
}

export function checkTable(checks: Check[]): string {
  const lines = [
    ["", "check", "expected", "found"],
    ...checks.map((check) => [
      check.ok ? "ok" : "WRONG",
      check.name,
      check.expected,
      check.found,
    ]),
  ];
  return formatTable(lines, { indent: "  " });
}
