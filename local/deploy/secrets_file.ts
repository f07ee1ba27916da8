/** The secrets of a hosted project: read from a file and the environment, and checked. */
import { parseEnv } from "node:util";
import * as config from "../../shared/config.ts";
import { tableLines } from "../cli/table.ts";
import { type VariableName, variables } from "../stack/variables.ts";

export type Secrets = Record<string, string>;

/** Readers of shared/config.ts whose variables are secrets of the project. */
const READERS = [
  config.readTikTokConfig,
  config.readTikTokCountryParameters,
  config.readTikTokAuthorizeConfig,
  config.readEasyPostConfig,
  config.readEasyPostWebhookSecret,
  config.readStripeConfig,
  config.readStripeWebhookSecrets,
  config.readAppUrl,
  config.readEncryptionKeys,
];

/** Variables that functions read and that the platform does not set. */
const SECRETS = variables.filter(([, { concerns }]) =>
  concerns !== undefined && !concerns.includes("supabase")
);

/** Variables without which a hosted function does not start. */
export const REQUIRED = SECRETS.filter(([, { source }]) => source !== undefined)
  .map(([name]) => name);

async function readFile(path: string): Promise<Record<string, string | undefined>> {
  try {
    return parseEnv(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

/** @throws {Error} that lists each variable that is missing, and its source. */
function requireAll(path: string, secrets: Secrets): void {
  const missing = SECRETS.filter(([name, { source }]) => source !== undefined && !secrets[name]);
  if (missing.length === 0) return;
  const rows = missing.map(([name, { source = "" }]) => [name, source]);
  throw new Error(
    `Missing in ${path}:\n${tableLines(rows, { indent: "  " }).join("\n")}\n` +
      "Add a line NAME=value for each.",
  );
}

/** @throws {Error} if a name in the file is not a secret of this backend. */
function refuseUnknown(path: string, names: string[]): void {
  const known = new Set<string>(SECRETS.map(([name]) => name));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new Error(
    `${path} has names that are not secrets of this backend: ${unknown.join(", ")}. ` +
      "The platform sets those that begin with SUPABASE_. Delete these lines.",
  );
}

function checkValues(secrets: Secrets): void {
  const errors = READERS.flatMap((read) => {
    try {
      read((name) => secrets[name]);
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
  const broken = Object.entries(secrets).filter(([, value]) => /[\n\r']/.test(value))
    .map(([name]) => `${name} has a line break or a quotation mark.`);
  const all = [...new Set([...errors, ...broken])];
  if (all.length > 0) throw new Error(all.join("\n"));
}

/**
 * Reads the secrets; a variable of the environment wins over the file.
 * @throws {Error} that names what is missing or wrong, without any value.
 */
export async function readSecrets(
  path: string,
  environment: Partial<Record<string, string>>,
): Promise<Secrets> {
  const file = await readFile(path);
  refuseUnknown(path, Object.keys(file));
  const entries = SECRETS.map(([name]) => [name, environment[name] || file[name]])
    .filter((entry): entry is [VariableName, string] => Boolean(entry[1]));
  const secrets = Object.fromEntries(entries);
  requireAll(path, secrets);
  checkValues(secrets);
  return secrets;
}
