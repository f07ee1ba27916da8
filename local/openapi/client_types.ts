/** The generated files of client/: types of the API, of the database, and of its JSON and code columns. */
import { COLUMNS, RESULTS } from "../../shared/database/columns.ts";
import type { NamedSchema } from "../../shared/http/operations.ts";
import { npx } from "../npm/npx.ts";

const GENERATOR = "openapi-typescript@7.13.0";
const NOTE = "Made by `deno task openapi`; changes are overwritten.";

/** Says which document the types are made from: a test compares it. */
export async function describeSource(document: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(document));
  return `// ${NOTE} SHA-256 of docs/openapi.json: ${new Uint8Array(digest).toHex()}\n`;
}

/** Types of the API, by openapi-typescript. */
export async function generateApiTypes(path: string, document: string): Promise<string> {
  const command = ["openapi-typescript", path, "--default-non-nullable=false"];
  const types = await npx({ package: GENERATOR, command, cwd: new URL(".", import.meta.url) });
  return `${await describeSource(document)}${types}\n`;
}

function typeOf({ id }: NamedSchema): string {
  return `components["schemas"]["${id}"]`;
}

function fieldsOf(columns: Record<string, NamedSchema>, indent: string): string {
  return Object.entries(columns)
    .map(([name, schema]) => `${indent}${name}: ${typeOf(schema)};\n`).join("");
}

/** Types of the columns and functions that the database's own types leave open. */
export function generateColumnTypes(): string {
  const tables = Object.entries(COLUMNS)
    .map(([table, columns]) => `  ${table}: {\n${fieldsOf(columns, "    ")}  };\n`);
  return `// ${NOTE}
import type { components } from "./api.ts";

/** By table and column. */
export interface Columns {
${tables.join("")}}

/** What the functions return. */
export interface Results {
${fieldsOf(RESULTS, "  ")}}
`;
}
