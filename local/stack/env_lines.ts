/** Lines `NAME=value` of a file of variables. */
import { parseEnv } from "node:util";

export interface EnvLine {
  /** From 1. */
  number: number;
  name: string;
  value: string;
}

/** A line that is not understood. */
export interface BadLine {
  number: number;
  /** The name that the line begins with, if it has one. */
  name?: string;
  /** A sentence without the value. */
  reason: string;
}

/** `NAME=value`, also with `export`; the value is quoted as a whole, or not at all. */
const ASSIGNMENT =
  /^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|`[^`]*`|[^"'`\s][^\n]*|)\s*(?:#.*)?$/;

const FIRST_NAME = /^(?:export\s+)?([A-Za-z_]\w*)\s*(?:=|$)/;

/** Empty lines and comments (`#`) count as nothing. */
export function readEnvLines(text: string): { lines: EnvLine[]; bad: BadLine[] } {
  const lines = new Map<string, EnvLine>();
  const bad: BadLine[] = [];
  // A byte order mark, as some editors of Windows write it.
  for (const [index, line] of text.replace(/^\uFEFF/, "").split(/\r?\n/).entries()) {
    const number = index + 1;
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const name = ASSIGNMENT.exec(trimmed)?.[1];
    const earlier = name === undefined ? undefined : lines.get(name);
    if (name === undefined) {
      const first = FIRST_NAME.exec(trimmed)?.[1];
      const reason = "write NAME=value, with both quotes or none.";
      bad.push({ number, ...(first !== undefined && { name: first }), reason });
    } else if (earlier !== undefined) {
      bad.push({ number, name, reason: `${name} is set in line ${earlier.number} already.` });
    } else {
      lines.set(name, { number, name, value: parseEnv(trimmed)[name] ?? "" });
    }
  }
  return { lines: [...lines.values()], bad };
}
