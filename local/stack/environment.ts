/** The values of the stack's variables: for the functions, and in a file for people and commands. */
import { join } from "node:path";
import { shownPath, taskLine } from "../cli/data_folder.ts";
import type { LocalKeys } from "./keys.ts";
import { writePrivateFile } from "./private_file.ts";
import { variablesOf } from "./receivers.ts";
import {
  type Addresses,
  type GivenVariables,
  type KeyName,
  type VariableName,
  VARIABLES,
  variables,
} from "./variables.ts";

/** Content of `<data>/env`. */
export type StackEnvironment = Record<VariableName, string>;

/** A variable that is set in the environment wins over the stack's own value. */
export function makeEnvironment(
  keys: LocalKeys,
  addresses: Addresses,
  given: GivenVariables,
): StackEnvironment {
  const entries = variables.map(([name, row]) => {
    const own = row.maker === "key" ? keys[name as KeyName] : row.value(addresses, given);
    return [name, row.isFixed ? own : given[name] || own];
  });
  return Object.fromEntries(entries);
}

/**
 * The variables as functions receive them; the platform gives API keys as JSON objects by name.
 * @param functionName Only those of this function. @default {every function}
 */
export function functionEnvironment(
  env: StackEnvironment,
  functionName?: string,
): Record<string, string> {
  const names = functionName === undefined
    ? variables.filter(([, row]) => row.concerns !== undefined).map(([name]) => name)
    : variablesOf(functionName);
  return Object.fromEntries(names.map((name) => {
    const { functionName: given } = VARIABLES[name] as { functionName?: string };
    return given === undefined
      ? [name, env[name]]
      : [given, JSON.stringify({ default: env[name] })];
  }));
}

const pathOf = (data: string) => join(data, "env");

/** `KEY=VALUE` lines that a shell can source and `--env-file` can read. */
function toLines(env: Record<string, string>): string {
  return Object.entries(env).map(([name, value]) => `${name}=${value}\n`).join("");
}

export async function writeEnvironment(data: string, env: StackEnvironment): Promise<void> {
  await writePrivateFile(pathOf(data), toLines(env));
}

/** Writes the variables of the functions that the platform does not set itself. */
export async function writeFunctionSecrets(path: string, env: StackEnvironment): Promise<void> {
  const secrets = Object.entries(functionEnvironment(env))
    .filter(([name]) => !name.startsWith("SUPABASE_"));
  await writePrivateFile(path, toLines(Object.fromEntries(secrets)));
}

/** Reads the file that a start has written. @throws {Error} that says to start a stack. */
export async function readEnvironment(data: string): Promise<StackEnvironment> {
  let text: string;
  try {
    text = await Deno.readTextFile(pathOf(data));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      `${shownPath(pathOf(data))} does not exist. Start the stack first: ${
        taskLine("start", data)
      }`,
    );
  }
  const entries = text.split("\n").filter((line) => line.includes("=")).map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  const env = Object.fromEntries(entries) as StackEnvironment;
  const missing = variables.find(([name]) => env[name] === undefined);
  if (missing !== undefined) {
    throw new Error(
      `${shownPath(pathOf(data))} lacks ${missing[0]}. Stop the stack and start it again: ` +
        taskLine("start", data),
    );
  }
  return env;
}
