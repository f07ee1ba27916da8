/** Compares calls and answers with TikTok's OpenAPI. Each problem names the call, the place and the fault. */
import * as z from "zod";
import "../../../shared/values/zod_messages.ts";
import type { ApiCall } from "../../../local/simulators/tiktok/observer.ts";
import { BODY_FIELDS_REQUIRED, COMMON_PARAMETERS, MORE_PARAMETERS } from "./additions.ts";
import {
  findOperation,
  type FoundOperation,
  type OpenApiParameter,
  type OpenApiSchema,
} from "./read_openapi.ts";

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

/** The schema without its prose. A field that it does not name is refused. */
function strictSchema({ type, properties, items, format }: OpenApiSchema): JsonSchema {
  if (type === "array") return { type, items: items ? strictSchema(items) : {} };
  if (type === "object" && properties) {
    const fields = Object.entries(properties).map(([name, field]) => [name, strictSchema(field)]);
    return { type, properties: Object.fromEntries(fields), additionalProperties: false };
  }
  if (type === "integer") return { type, ...(format === "int32" && INT32) };
  return type ? { type } : {};
}

const INT32 = { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };

const validators = new WeakMap<OpenApiSchema, z.ZodType>();

/** Made once for each schema of the process. */
function validatorOf(schema: OpenApiSchema): z.ZodType {
  let validator = validators.get(schema);
  if (validator === undefined) {
    validator = z.fromJSONSchema(strictSchema(schema));
    validators.set(schema, validator);
  }
  return validator;
}

/** @param at JSON pointer of the value. */
function compare(schema: OpenApiSchema, value: unknown, at: string): string[] {
  // Compiled code costs more than the few answers of a test file.
  const { error } = validatorOf(schema).safeParse(value, { jitless: true });
  return (error?.issues ?? []).map(({ path, message }) =>
    `${[at, ...path].join("/")}: expected ${message}`
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Lists are sent as one text with commas. */
function isOfType(value: string, { type }: OpenApiSchema): boolean {
  if (type === "integer") return /^-?\d+$/.test(value);
  if (type === "boolean") return value === "true" || value === "false";
  if (type === "array") return value.split(",").every((part) => part !== "");
  return true;
}

function checkQuery({ name, parameters = [] }: FoundOperation, query: URLSearchParams): string[] {
  const described = parameters.filter(({ in: place }) => place === "query");
  const known = new Map<string, OpenApiParameter>(described.map((row) => [row.name, row]));
  const added = [...COMMON_PARAMETERS, ...(MORE_PARAMETERS[name] ?? [])];
  const wrong = [...query].flatMap(([key, value]) => {
    const parameter = known.get(key);
    if (parameter === undefined) return added.includes(key) ? [] : [`?${key}: no such parameter`];
    return isOfType(value, parameter.schema) ? [] : [`?${key}: expected ${parameter.schema.type}`];
  });
  const missing = described.filter(({ name, required }) => required && !query.has(name));
  return [...wrong, ...missing.map(({ name }) => `?${name}: required parameter is missing`)];
}

function checkHeaders({ parameters = [] }: FoundOperation, headers: Headers): string[] {
  return parameters
    .filter(({ in: place, name, required }) => place === "header" && required && !headers.has(name))
    .map(({ name }) => `header ${name}: required header is missing`);
}

function checkBody({ name, requestBody }: FoundOperation, body: string): string[] {
  if (requestBody === undefined) return body === "" ? [] : ["body: this call has none"];
  const json = parseJson(body === "" ? "{}" : body);
  if (json === undefined) return ["body: not JSON"];
  const missing = (BODY_FIELDS_REQUIRED[name] ?? [])
    .filter((field) => (json as Record<string, unknown> | null)?.[field] === undefined)
    .map((field) => `body/${field}: required field is missing`);
  const { schema } = requestBody.content["application/json"];
  return [...compare(schema, json, "body"), ...missing];
}

const unknownCall = ({ method, path }: Pick<ApiCall, "method" | "path">) => [
  `${method} ${path}: TikTok has no such call`,
];

export function checkCall(call: ApiCall): string[] {
  const operation = findOperation(call.method, call.path);
  if (operation === undefined) return unknownCall(call);
  return [
    ...checkQuery(operation, call.query),
    ...checkHeaders(operation, call.headers),
    ...checkBody(operation, call.body),
  ].map((problem) => `call of ${operation.name}: ${problem}`);
}

/** Success answers; TikTok does not describe its errors. */
export function checkAnswer(
  call: Pick<ApiCall, "method" | "path">,
  status: number,
  body: string,
): string[] {
  const json = parseJson(body) as { code?: unknown; data?: unknown } | undefined;
  if (status !== 200 || (json !== undefined && json?.code !== 0)) return [];
  const operation = findOperation(call.method, call.path);
  if (operation === undefined) return unknownCall(call);
  const { schema } = operation.responses[200].content["application/json"];
  return compare(schema, json, "").map((problem) => `answer of ${operation.name}: ${problem}`);
}
