/** Reads the OpenAPI description of TikTok Shop that TikTok publishes in `@tts-open-toolkit/cli`. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Never called: Deno installs only packages whose import it can see. */
export const openApiPackage = () =>
  import("@tts-open-toolkit/cli/package.json", { with: { type: "json" } });

/** The parts of a schema that TikTok uses. */
export interface OpenApiSchema {
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  properties?: Record<string, OpenApiSchema>;
  items?: OpenApiSchema;
  format?: string;
}

export interface OpenApiParameter {
  name: string;
  in: "query" | "path" | "header";
  required: boolean;
  schema: OpenApiSchema;
}

interface Content {
  content: { "application/json": { schema: OpenApiSchema } };
}

export interface OpenApiOperation {
  parameters?: OpenApiParameter[];
  requestBody?: Content;
  responses: { 200: Content };
}

/** An operation with the method and the path under which it is described. */
export interface FoundOperation extends OpenApiOperation {
  /** E.g. `GET /fulfillment/202309/packages/{package_id}`. */
  name: string;
}

type Paths = Record<string, Record<string, OpenApiOperation>>;

const FOLDER = "skills/tts-openapi-guide/references/oas/paths";
const modules = new Map<string, Paths>();

/** All paths of a module, such as `order`; none for an unknown module. */
function readPaths(module: string): Paths {
  const known = modules.get(module);
  if (known !== undefined) return known;
  const root = dirname(
    createRequire(import.meta.url).resolve("@tts-open-toolkit/cli/package.json"),
  );
  let paths: Paths = {};
  try {
    paths = JSON.parse(Deno.readTextFileSync(join(root, FOLDER, `${module}.json`))).paths;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  modules.set(module, paths);
  return paths;
}

function isPathOf(path: string, template: string): boolean {
  const parts = path.split("/");
  const expected = template.split("/");
  return parts.length === expected.length &&
    expected.every((part, i) => part === parts[i] || (part.startsWith("{") && parts[i] !== ""));
}

const wildcards = (template: string) => template.split("{").length;

/** The operation that a call addresses: the one with the fewest parameters in its path. */
export function findOperation(method: string, path: string): FoundOperation | undefined {
  const paths = readPaths(path.split("/")[1] ?? "");
  const [template] = Object.keys(paths)
    .filter((candidate) => isPathOf(path, candidate))
    .sort((a, b) => wildcards(a) - wildcards(b));
  const operation = paths[template ?? ""]?.[method.toLowerCase()];
  return operation && { ...operation, name: `${method} ${template}` };
}

/** Operations under the same path with a greater version, e.g. `GET /order/202507/orders`. */
export function newerOperations(name: string): string[] {
  const [method = "", path = ""] = name.split(" ");
  const [, module = "", version = "", ...rest] = path.split("/");
  return Object.entries(readPaths(module))
    .filter(([candidate, operations]) => {
      const [, , candidateVersion = "", ...candidateRest] = candidate.split("/");
      return candidateVersion > version && candidateRest.join("/") === rest.join("/") &&
        method.toLowerCase() in operations;
    })
    .map(([candidate]) => `${method} ${candidate}`);
}
