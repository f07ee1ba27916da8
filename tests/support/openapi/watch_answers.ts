/** Compares every answer of a function with docs/openapi.json, and collects what differs for the tests of a file. */
import type { FunctionObserver } from "../../../local/gateway/observe.ts";
import { checkContent, checkValue, document, findOperation } from "./document.ts";

const PREFIX = "/functions/v1";
const NAMES = new Set(Object.keys(document.paths).map((path) => path.split("/")[1]));

/** Answers of the host of the functions, not of a function. */
const HOST_CODES = ["starting", "worker_ended", "BOOT_ERROR"];

/** Codes of paths and methods that no operation has. */
const FRAME_CODES = [
  ...["not_found", "method_not_allowed", "user_required", "invalid_token", "token_expired"],
  ...["secret_key_required", "secret_key_refused", "internal_error"],
];

let differences = new Set<string>();
const seen = new Set<string>();

/** Every operation and status that was answered as documented, e.g. `buyLabel 201`. */
export function seenAnswers(): ReadonlySet<string> {
  return seen;
}

function essenceOf(response: Response): string {
  return (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
}

async function readJson(response: Response): Promise<unknown> {
  return await response.clone().json().catch(() => undefined);
}

/** An answer without an operation: the frame's own problems. */
async function checkFrame(response: Response): Promise<string[]> {
  const body = await readJson(response) as { code?: string };
  if (essenceOf(response) !== "application/problem+json") return ["is not a problem"];
  if (!FRAME_CODES.includes(body?.code ?? "")) return [`has the code ${body?.code}`];
  return checkValue("#/components/schemas/Problem", body);
}

async function checkAnswer(method: string, path: string, response: Response): Promise<string[]> {
  const operation = findOperation(method === "HEAD" ? "GET" : method, path);
  if (operation === undefined) return await checkFrame(response);
  const documented = operation.responses.get(response.status);
  if (documented === undefined) return [`is not documented: ${await response.clone().text()}`];
  const types = Object.keys(documented.response.content ?? {});
  const essence = essenceOf(response);
  const type = types.find((name) => name.split(";")[0] === essence);
  if (types.length > 0 && type === undefined) return [`has the type ${essence}`];
  if (type?.endsWith("json") && method !== "HEAD") {
    const wrong = checkContent(documented.pointer, type, await readJson(response));
    if (wrong.length > 0) return wrong;
  }
  seen.add(`${operation.id} ${response.status}`);
  return [];
}

async function isOfHost(response: Response): Promise<boolean> {
  if (response.headers.has("x-request-id") || ![502, 503].includes(response.status)) return false;
  const body = await readJson(response) as { code?: string } | undefined;
  return HOST_CODES.includes(body?.code ?? "");
}

/** Goes into every stack of a test. */
export const answerObserver: FunctionObserver = async ({ method, url }, response) => {
  const path = new URL(url).pathname.replace(PREFIX, "");
  if (method === "OPTIONS" || !NAMES.has(path.split("/")[1])) return response;
  if (await isOfHost(response)) return response;
  for (const difference of await checkAnswer(method, path, response)) {
    differences.add(`${method} ${path} ${response.status}: ${difference}`);
  }
  return response;
};

/** @throws {Error} with every difference since the last time. */
export function assertDocumented(): void {
  const found = [...differences];
  differences = new Set();
  if (found.length === 0) return;
  throw new Error(`Not as in docs/openapi.json:\n  ${found.join("\n  ")}`);
}
