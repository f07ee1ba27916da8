/** The OpenAPI document of every function. */
import { DATABASE_SCHEMAS } from "../../shared/database/columns.ts";
import type {
  Answer,
  Caller,
  NamedSchema,
  Operation,
  SchemaPart,
} from "../../shared/http/operations.ts";
import { PROBLEM_SCHEMA, problemResponses, problemsOf } from "./problems.ts";
import { type DocumentedFunction, readOperations } from "./read_operations.ts";
import { referenceTo, toComponents } from "./schemas.ts";
import type { DocumentedOperation, DocumentedResponse, OpenApiDocument } from "./document.ts";
import { shareResponses } from "./share_responses.ts";

const INFO = {
  title: "CreatorFlow",
  version: "1",
  description:
    "The Edge Functions of CreatorFlow. Sellers read their rows through the database's " +
    "API, /rest/v1, and do everything else here. Amounts are decimal strings in major units of " +
    "their currency; times are ISO 8601 with their offset; TikTok's ids are strings of digits. " +
    "Every error is a problem with a code.",
};

const header = (name: string, description: string) => ({
  type: "apiKey",
  in: "header",
  name,
  description,
});

const SECURITY_SCHEMES = {
  user: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A seller's access token, from Supabase Auth: `access_token` of the answer to " +
      "`POST /auth/v1/token?grant_type=password`, with the publishable key in the header `apikey` " +
      'and the body `{"email":"...","password":"..."}`. On the local stack ' +
      "`npx -y deno@2.9.5 task connect-shop EMAIL` prints one. It is valid for an hour.",
  },
  secretKey: header("apikey", "A secret key of the project: sb_secret_... Never in a browser."),
  tiktokSignature: header("authorization", "HMAC-SHA256 of app key and body, as hex."),
  stripeSignature: header("stripe-signature", "Stripe's signature of time and body."),
  easypostSignature: header("x-hmac-signature", "EasyPost's HMAC-SHA256 of the body."),
};

const SECURITY: Record<Caller, Partial<Record<keyof typeof SECURITY_SCHEMES, string[]>>[]> = {
  user: [{ user: [] }],
  secret_key: [{ secretKey: [] }],
  anyone: [{}],
  anyone_or_secret_key: [{}, { secretKey: [] }],
  tiktok: [{ tiktokSignature: [] }],
  stripe: [{ stripeSignature: [] }],
  easypost: [{ easypostSignature: [] }],
};

function headersOf(headers: Record<string, string> = {}) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [
      name,
      { description, schema: { type: "string" } },
    ]),
  );
}

function contentOf({ type = "application/json", body }: Answer) {
  if (body) return { [type]: { schema: referenceTo(body) } };
  if (type === "application/json") return {};
  return { [type]: { schema: type.startsWith("application/octet") ? {} : { type: "string" } } };
}

function answerResponse(answers: Answer[]): DocumentedResponse {
  const headers = Object.assign({}, ...answers.map((answer) => headersOf(answer.headers)));
  const content = Object.assign({}, ...answers.map(contentOf));
  return {
    description: answers.map(({ description }) => description).join(" "),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(Object.keys(content).length > 0 && { content }),
  };
}

/** A status may have an answer and problems, of different types. */
function responsesOf(operation: Operation): Record<string, DocumentedResponse> {
  const responses: Record<string, DocumentedResponse> = problemResponses(problemsOf(operation));
  for (const [status, answers] of Object.entries(operation.answers)) {
    const answer = answerResponse([answers].flat());
    const problems = responses[status];
    responses[status] = problems === undefined ? answer : {
      ...problems,
      description: `${answer.description}\n\n${problems.description}`,
      content: { ...answer.content, ...problems.content },
    };
  }
  return responses;
}

function bodyOf({ body, bodyDescription }: Operation): SchemaPart | undefined {
  if (body === undefined && bodyDescription === undefined) return undefined;
  const schema = body
    ? referenceTo(body)
    : { type: "object", additionalProperties: true, description: bodyDescription };
  return { required: true, content: { "application/json": { schema } } };
}

function describeOperation(name: string, operation: Operation): DocumentedOperation {
  const { id, summary, description, parameters, caller } = operation;
  const requestBody = bodyOf(operation);
  return {
    operationId: id,
    tags: [name],
    summary,
    ...(description && { description }),
    security: SECURITY[caller],
    ...(parameters && { parameters }),
    ...(requestBody && { requestBody }),
    responses: responsesOf(operation),
  };
}

function answersOf(operations: Operation[]): NamedSchema[] {
  return operations.flatMap(({ answers }) => Object.values(answers).flat())
    .flatMap(({ body }) => body ?? []);
}

function pathsOf(functions: DocumentedFunction[]): OpenApiDocument["paths"] {
  const paths: OpenApiDocument["paths"] = {};
  for (const { name, operations } of functions) {
    for (const operation of operations) {
      const path = `/${name}${operation.path === "/" ? "" : operation.path}`;
      (paths[path] ??= {})[operation.method] = describeOperation(name, operation);
    }
  }
  return paths;
}

export async function buildDocument(): Promise<OpenApiDocument> {
  const functions = await readOperations();
  const operations = functions.flatMap((documented) => documented.operations);
  const schemas = {
    Problem: PROBLEM_SCHEMA,
    ...toComponents(operations.flatMap(({ body }) => body ?? []), "input"),
    ...toComponents([...answersOf(operations), ...DATABASE_SCHEMAS], "output"),
  };
  const document: OpenApiDocument = {
    openapi: "3.1.1",
    info: INFO,
    servers: [{ url: "/functions/v1", description: "Of the host that serves the API." }],
    tags: functions.map(({ name, description }) => ({ name, description })),
    paths: pathsOf(functions),
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: Object.fromEntries(Object.entries(schemas).sort()),
    },
  };
  shareResponses(document);
  return document;
}

/** As docs/openapi.json has it. */
export function formatDocument(document: OpenApiDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
