/** Settings of the stack in a file: `.env.local` in the folder of the repository. */
import { fileURLToPath } from "node:url";
import { shownPath } from "../cli/data_folder.ts";
import { readEnvLines } from "./env_lines.ts";
import { type GivenVariables, VARIABLES } from "./variables.ts";

const ENV_FILE = fileURLToPath(new URL("../../.env.local", import.meta.url));

/** Of Deno's OpenTelemetry, which `task start` passes on to the functions. */
const TELEMETRY = /^OTEL_[A-Z_]+$/;

/** Lines of the file are not understood. The message has their numbers, and never a value. */
export class EnvFileError extends Error {
  override name = "EnvFileError";
}

export interface EnvFile {
  variables: GivenVariables;
  /** A sentence about each name that the stack does not read. */
  warnings: string[];
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
  const { lines, bad } = readEnvLines(text);
  if (bad.length > 0) {
    const reasons = bad.map(({ number, reason }) => `${file}, line ${number}: ${reason}`);
    throw new EnvFileError(`${reasons.join("\n")} Nothing was started.`);
  }
  const variables: GivenVariables = {};
  const warnings: string[] = [];
  for (const { number, name, value } of lines) {
    const unknown = describeUnknown(name);
    if (unknown === undefined) variables[name] = value;
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
