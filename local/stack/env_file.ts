/** Settings of the stack in a file: `.env.local` in the folder of the repository. */
import { fileURLToPath } from "node:url";
import { shownPath } from "../cli/data_folder.ts";
import { readEnvLines } from "./env_lines.ts";
import { outsidePostgresUrl } from "../postgres/outside.ts";
import { type GivenVariables, VARIABLES } from "./variables.ts";
import { findWrongValues } from "./wrong_values.ts";

const ENV_FILE = fileURLToPath(new URL("../../.env.local", import.meta.url));

/** Variables of Deno's OpenTelemetry, which `task start` passes on to the functions. */
const TELEMETRY = /^OTEL_[A-Z_]+$/;

/** Lines of the file are not understood. The message has their numbers, and never a value. */
export class EnvFileError extends Error {
  override name = "EnvFileError";
}

export interface EnvFile {
  variables: GivenVariables;
  /** File and line of each variable, for messages. */
  places: GivenVariables;
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
  const places: GivenVariables = {};
  const warnings: string[] = [];
  for (const { number, name, value } of lines) {
    const unknown = describeUnknown(name);
    const place = `${file}, line ${number}`;
    if (unknown !== undefined) warnings.push(`${place}: ${unknown}`);
    else {
      variables[name] = value;
      places[name] = place;
    }
  }
  return { variables, places, warnings };
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
      return { variables: {}, places: {}, warnings: [] };
    }
    throw error;
  }
}

/** Why SUPABASE_DB_URL is not usable. */
function describeWrongDatabase(url: string | undefined): [name: string, reason: string][] {
  try {
    outsidePostgresUrl(url, "");
    return [];
  } catch (error) {
    return [["SUPABASE_DB_URL", (error as Error).message]];
  }
}

/**
 * All variables; one of the environment wins over the file.
 * @throws {EnvFileError} that names every value that is not usable with its place, and shows none.
 */
export async function requireUsable(
  { variables, places }: Pick<EnvFile, "variables" | "places">,
  environment: GivenVariables,
): Promise<GivenVariables> {
  const given = { ...variables, ...environment };
  const wrong = [
    ...await findWrongValues(given),
    ...describeWrongDatabase(given.SUPABASE_DB_URL),
  ];
  if (wrong.length === 0) return given;
  // In the order of the file, the environment's at the end.
  const names = Object.keys(places).filter((name) => environment[name] === undefined);
  const placeOf = (name: string) => names.includes(name) ? names.indexOf(name) : names.length;
  wrong.sort(([a], [b]) => placeOf(a) - placeOf(b));
  const reasons = wrong.map(([name, reason]) => {
    const place = environment[name] === undefined ? places[name] : "In the environment";
    return place === undefined ? reason : `${place}: ${reason}`;
  });
  throw new EnvFileError(`${reasons.join("\n")} Nothing was started.`);
}
