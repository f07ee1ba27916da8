/** docs/openapi.json as the tests read it: the operation of a request, and the schemas of its answers. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { DocumentedResponse, OpenApiDocument } from "../../../local/openapi/document.ts";

const PATH = new URL("../../../docs/openapi.json", import.meta.url);

export const document: OpenApiDocument = JSON.parse(await Deno.readTextFile(PATH));

export interface FoundOperation {
  id: string;
  /** By status, with where each stands in the document. */
  responses: Map<number, { response: DocumentedResponse; pointer: string }>;
}

/** A path without parameters comes before one that has them, as OpenAPI has it. */
const PATHS = Object.keys(document.paths)
  .sort((a, b) => parametersOf(a) - parametersOf(b))
  .map((path) => ({ path, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]*")}/?$`) }));

function parametersOf(path: string): number {
  return path.split("{").length;
}

function pointerOf(...steps: string[]): string {
  return `#/${steps.map((step) => step.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;
}

/** @param path Without the prefix `/functions/v1`. */
export function findOperation(method: string, path: string): FoundOperation | undefined {
  const found = PATHS.find(({ pattern }) => pattern.test(path));
  if (found === undefined) return undefined;
  const name = method.toLowerCase();
  const operation = document.paths[found.path]?.[name];
  if (operation === undefined) return undefined;
  const responses = Object.entries(operation.responses).map(([status, response]) => {
    const shared = (response as { $ref?: string }).$ref?.split("/").pop();
    return [
      Number(status),
      shared === undefined
        ? { response, pointer: pointerOf("paths", found.path, name, "responses", status) }
        : {
          response: document.components.responses?.[shared] as DocumentedResponse,
          pointer: pointerOf("components", "responses", shared),
        },
    ] as const;
  });
  return { id: operation.operationId, responses: new Map(responses) };
}

const FORMATS = {
  "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  date: /^\d{4}-\d\d-\d\d$/,
  uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i,
  uri: (text: string) => URL.canParse(text),
};

const ajv = new Ajv2020({ strict: false, formats: FORMATS, validateSchema: false });
ajv.addSchema(document, "api");
const validators = new Map<string, ValidateFunction>();

/** What is wrong with a value; empty if nothing is. */
export function checkValue(pointer: string, value: unknown): string[] {
  const validate = validators.get(pointer) ?? ajv.compile({ $ref: `api${encodeURI(pointer)}` });
  validators.set(pointer, validate);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath || "the body"} ${message} ${JSON.stringify(params)}`
  );
}

/** What is wrong with a body of this type in a response. */
export function checkContent(pointer: string, type: string, value: unknown): string[] {
  return checkValue(`${pointer}/content/${type.replaceAll("/", "~1")}/schema`, value);
}
