/** The secrets of a hosted project: read from a file and the environment, and checked. */
import { tableLines } from "../cli/table.ts";
import { readEnvLines } from "../stack/env_lines.ts";
import type { VariableName } from "../stack/variables.ts";
import { findWrongValues, OWN_VARIABLES as SECRETS } from "../stack/wrong_values.ts";

export type Secrets = Record<string, string>;

/** Variables without which a hosted function does not start. */
export const REQUIRED = SECRETS.filter(([, { source }]) => source !== undefined)
  .map(([name]) => name);

/** A file that does not exist has no lines. */
async function readLines(path: string) {
  try {
    return { ...readEnvLines(await Deno.readTextFile(path)), isMissing: false };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { lines: [], bad: [], isMissing: true };
    throw error;
  }
}

/** @returns A reason if the file may not set this name. */
function describeUnknown(name: string): string[] {
  if (SECRETS.some(([known]) => known === name)) return [];
  if (name.startsWith("SUPABASE_")) return [`The platform sets ${name}. Delete the line.`];
  return [`${name} is not a secret of this backend. Delete the line.`];
}

/** Only the local stack has pages and simulators without TLS; its addresses may still be exported. */
function describeUnsafe(name: string): string {
  return name === "APP_URL"
    ? "APP_URL is not an https address: it is the page of your app."
    : `${name} is not an https address. Unset it, or delete its line: the vendor's own is the default.`;
}

/** Reasons by name. */
async function findWrongSecrets(secrets: Secrets): Promise<Map<string, string>> {
  const reasons = await findWrongValues(secrets);
  for (const [name, value] of Object.entries(secrets)) {
    if (/^http:/i.test(value)) reasons.set(name, describeUnsafe(name));
    if (/[\n\r']/.test(value)) reasons.set(name, `${name} has a line break or a quotation mark.`);
  }
  return reasons;
}

function describeMissing(missing: [string, { source?: string }][]): string[] {
  if (missing.length === 0) return [];
  const rows = missing.map(([name, { source = "" }]) => [name, source]);
  return ["Missing, add a line NAME=value for each:", ...tableLines(rows, { indent: "  " })];
}

/**
 * Reads the secrets; a variable of the environment takes the place of a line that the file lacks. One that differs
 * from its line is refused: it may be left from another rotation, or from the local stack.
 * @throws {Error} that names everything that is missing or wrong, without any value.
 */
export async function readSecrets(
  path: string,
  environment: Partial<Record<string, string>>,
): Promise<Secrets> {
  const { lines, bad, isMissing } = await readLines(path);
  const secrets = Object.fromEntries(
    SECRETS.map(([name]): [string, string | undefined] => [
      name,
      environment[name] || lines.find((line) => line.name === name)?.value,
    ]).filter((entry): entry is [VariableName, string] => Boolean(entry[1])),
  );
  const wrong = await findWrongSecrets(secrets);
  const lineOf = (name: string) =>
    lines.find((line) => line.name === name && line.value === secrets[name])?.number;
  const reasons = [
    ...bad,
    ...lines.flatMap(({ number, name }) =>
      describeUnknown(name).map((reason) => ({ number, reason }))
    ),
    ...lines.filter(({ name, value }) => value && secrets[name] && secrets[name] !== value)
      .map(({ number, name }) => ({
        number,
        reason: `${name} is exported with another value: unset ${name}.`,
      })),
    ...[...wrong].map(([name, reason]) => ({ number: lineOf(name), reason })),
  ].sort((a, b) => (a.number ?? Infinity) - (b.number ?? Infinity));
  const problems = [
    ...reasons.map(({ number, reason }) =>
      `${number === undefined ? "In the environment" : `Line ${number}`}: ${reason}`
    ),
    ...describeMissing(
      SECRETS.filter(([name, { source }]) =>
        source !== undefined && !secrets[name] && !bad.some((line) => line.name === name)
      ),
    ),
  ];
  if (problems.length > 0) {
    const first = isMissing ? `${path} does not exist.` : `The secrets of ${path} are not usable:`;
    throw new Error([first, ...problems].join("\n"));
  }
  return secrets;
}
