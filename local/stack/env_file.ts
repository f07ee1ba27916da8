/** Settings of the stack in a file: `.env.local` in the folder of the repository. */
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { shownPath } from "../cli/data_folder.ts";
import { type GivenVariables, VARIABLES } from "./variables.ts";

const ENV_FILE = fileURLToPath(new URL("../../.env.local", import.meta.url));

/** Of Deno's OpenTelemetry, which `task start` passes on to the functions. */
const TELEMETRY = /^OTEL_[A-Z_]+$/;

/** A line of the file is not understood. The message has its number, and never its value. */
export class EnvFileError extends Error {
  override name = "EnvFileError";
}

export interface EnvFile {
  variables: GivenVariables;
  /** A sentence about each name that the stack does not read. */
  warnings: string[];
}

/** `NAME=value`, also with `export`; the value is quoted as a whole, or not at all. */
const ASSIGNMENT =
  /^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|`[^`]*`|[^"'`\s][^\n]*|)\s*(?:#.*)?$/;

function refuse(file: string, number: number, reason: string): EnvFileError {
  return new EnvFileError(`${file}, line ${number}: ${reason} Nothing was started.`);
}

/** What is wrong about a name, or undefined. */
function describeUnknown(name: string): string | undefined {
  if (TELEMETRY.test(name)) return undefined;
  if (!(name in VARIABLES)) {
    return `${name} is unknown, and is ignored. The names: npx -y deno@2.9.5 task start --help`;
  }
  const { isFixed } = VARIABLES[name as keyof typeof VARIABLES] as { isFixed?: true };
  if (!isFixed || name === "SUPABASE_DB_URL") return undefined;
  return `${name} is the stack's own address, and is ignored. --port chooses it.`;
}

/**
 * Reads lines `NAME=value`; empty lines and comments (`#`) count as nothing.
 * @param file Name for messages. @throws {EnvFileError}
 */
export function parseEnvFile(text: string, file: string): EnvFile {
  const variables: GivenVariables = {};
  const warnings: string[] = [];
  const lines = new Map<string, number>();
  // A byte order mark, as some editors of Windows write it.
  for (const [index, line] of text.replace(/^\uFEFF/, "").split(/\r?\n/).entries()) {
    const number = index + 1;
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const name = ASSIGNMENT.exec(trimmed)?.[1];
    if (name === undefined) {
      throw refuse(file, number, "write NAME=value, with both quotes or none.");
    }
    const earlier = lines.get(name);
    if (earlier !== undefined) {
      throw refuse(file, number, `${name} is set in line ${earlier} already.`);
    }
    lines.set(name, number);
    const unknown = describeUnknown(name);
    if (unknown === undefined) variables[name] = parseEnv(trimmed)[name] ?? "";
    else warnings.push(`${file}, line ${number}: ${unknown}`);
  }
  return { variables, warnings };
}

/**
 * The settings of `.env.local`, if it exists, or of another file, which has to exist.
 * @param path Absolute. @throws {EnvFileError}
 */
export async function readSettings(path?: string): Promise<EnvFile> {
  try {
    const file = path ?? ENV_FILE;
    return parseEnvFile(await Deno.readTextFile(file), shownPath(file));
  } catch (error) {
    if (path === undefined && error instanceof Deno.errors.NotFound) {
      return { variables: {}, warnings: [] };
    }
    throw error;
  }
}
