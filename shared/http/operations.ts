/**
 * Description of a function's routes, for the API's document: `functions/<name>/operations.ts` exports
 * `operations`, which no function imports. docs/api.md shows how to write one.
 */
import type * as z from "zod/mini";
import type { ProblemTable } from "./problem_table.ts";

/** The callers: they decide the security scheme, and the problems of other callers. */
export type Caller =
  | "user"
  | "secret_key"
  | "anyone"
  | "anyone_or_secret_key"
  | "tiktok"
  | "stripe"
  | "easypost";

/** A part of a JSON Schema. */
export type SchemaPart = Record<string, unknown>;

/** A schema with its name in the document, and what the schema itself does not say. */
export interface NamedSchema {
  /** e.g. `Shipment`; unique. */
  id: string;
  schema: z.ZodMiniType;
  description: string;
  /** By field, with units: a sentence, or further parts of its JSON Schema. */
  fields?: Record<string, string | SchemaPart>;
  example?: unknown;
  /** Schemas that this one has in its fields, and that have a name of their own. */
  parts?: NamedSchema[];
}

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  description: string;
  schema: SchemaPart;
  required?: boolean;
}

export interface Answer {
  description: string;
  /** @default {"application/json"} */
  type?: string;
  /** Without it the answer has no body, or one that is not JSON. */
  body?: NamedSchema;
  headers?: Record<string, string>;
}

export interface Operation {
  /** e.g. `buyLabel`; unique, and the name of the types that clients are made of. */
  id: string;
  method: "get" | "post" | "delete";
  /** Below the function's own path, `/` for that path itself; parameters as `{id}`. */
  path: string;
  caller: Caller;
  summary: string;
  description?: string;
  parameters?: Parameter[];
  body?: NamedSchema;
  /** Without its own fields: any JSON, such as a vendor's webhook. */
  bodyDescription?: string;
  /** Whether a seller may call it so often only. */
  isLimited?: boolean;
  /** By status; several where a status has several types. */
  answers: Record<number, Answer | Answer[]>;
  /** Its own, without those of the caller, the body and the frame. */
  problems?: ProblemTable;
}

export interface FunctionOperations {
  /** For readers: what the function is for. */
  description: string;
  operations: Operation[];
}

/** The entries of a table with these codes. */
export function pickProblems<Code extends string>(
  table: Readonly<Record<Code, ProblemTable[string]>>,
  ...codes: NoInfer<Code>[]
): ProblemTable {
  return Object.fromEntries(codes.map((code) => [code, table[code]]));
}

/** A time in a JSON answer. */
export const TIME = { format: "date-time" };
