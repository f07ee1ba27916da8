/** The problems of an operation: its own, and those of its caller, its body and the frame. */
import { APP_PROBLEMS } from "../../shared/http/app.ts";
import type { Caller, Operation, SchemaPart } from "../../shared/http/operations.ts";
import { type Problem, problemBody } from "../../shared/http/problem.ts";
import { problemOf, type ProblemTable } from "../../shared/http/problem_table.ts";
import { JSON_PROBLEMS } from "../../shared/http/read_json.ts";
import { LIMIT_PROBLEMS } from "../../shared/http/request_limits.ts";
import { SECRET_KEY_PROBLEMS } from "../../shared/http/secret_keys.ts";
import { USER_PROBLEMS } from "../../shared/http/users.ts";

const { internal_error } = APP_PROBLEMS;
const { secret_key_refused } = SECRET_KEY_PROBLEMS;

const CALLER_PROBLEMS: Record<Caller, ProblemTable> = {
  user: USER_PROBLEMS,
  secret_key: SECRET_KEY_PROBLEMS,
  anyone: {},
  anyone_or_secret_key: { secret_key_refused },
  tiktok: {},
  stripe: {},
  easypost: {},
};

export function problemsOf({ caller, body, isLimited, problems }: Operation): ProblemTable {
  return {
    ...CALLER_PROBLEMS[caller],
    ...(isLimited && LIMIT_PROBLEMS),
    ...(body && JSON_PROBLEMS),
    ...problems,
    internal_error,
  };
}

const TEXT = { type: "string" };

/** RFC 9457. */
export const PROBLEM_SCHEMA: SchemaPart = {
  type: "object",
  description: "An error, as RFC 9457 describes it. Programs compare the code.",
  properties: {
    type: { const: "about:blank", description: "The code says more." },
    title: { ...TEXT, description: "The name of the status." },
    status: { type: "integer", description: "The status of the response." },
    detail: { ...TEXT, description: "A sentence for people; it may change." },
    code: { ...TEXT, description: "What happened, for programs." },
    request_id: { ...TEXT, description: "As in the header x-request-id and in the log." },
    errors: {
      type: "array",
      description: "invalid_body: each field that is wrong.",
      items: {
        type: "object",
        properties: {
          pointer: { ...TEXT, description: "A JSON pointer into the body: #/parcel/length." },
          detail: { ...TEXT, description: "What the field must be." },
        },
        required: ["pointer", "detail"],
        additionalProperties: false,
      },
    },
    carrier_message: { ...TEXT, description: "The words of EasyPost or TikTok." },
    shipment_id: { ...TEXT, format: "uuid", description: "The shipment to read." },
    order_ids: {
      type: "array",
      items: { ...TEXT, format: "uuid" },
      description: "order_combined: the orders that TikTok combined with the requested one.",
    },
    tiktok_order_ids: {
      type: "array",
      items: TEXT,
      description: "order_combined: TikTok's ids of those that are not stored.",
    },
  },
  required: ["type", "title", "status", "detail", "code", "request_id"],
  additionalProperties: false,
};

/** A sentence as a cell of a Markdown table: `<token>` is text, not an element. */
function toCell(sentence: string): string {
  return sentence.replace(/[<|]/g, "\\$&");
}

function describeCodes(entries: [code: string, sentence: string][]): string {
  const rows = entries.map(([code, sentence]) => `| \`${code}\` | ${toCell(sentence)} |`);
  return ["| code | sentence |", "| --- | --- |", ...rows].join("\n");
}

const ID = "7f6b0f1e-5d0c-4c55-9a52-3d3f3d9b8a10";

/** Fields that a problem of this code has besides those of all. */
const EXAMPLE_MEMBERS: Record<string, Problem["members"]> = {
  invalid_body: { errors: [{ pointer: "#/field", detail: "must be a text" }] },
  order_combined: { order_ids: [ID] },
  purchase_in_progress: { shipment_id: ID },
  outcome_unknown: { shipment_id: ID },
};

const REQUEST_ID = "0e9f0c1d-2b3a-4c5d-8e7f-6a5b4c3d2e1f";

/** What a caller gets with each code: without them, viewers show the fields of all problems. */
function examplesOf(
  problems: ProblemTable,
  codes: string[],
): Record<string, { value: SchemaPart }> {
  return Object.fromEntries(codes.map((code) => [
    code,
    {
      value: problemBody(
        problemOf(problems, code, { members: EXAMPLE_MEMBERS[code] ?? {} }),
        REQUEST_ID,
      ),
    },
  ]));
}

/** The responses by status. */
export function problemResponses(problems: ProblemTable): Record<string, SchemaPart> {
  const byStatus = Map.groupBy(Object.entries(problems), ([, { status }]) => status);
  return Object.fromEntries(
    [...byStatus].map(([status, entries]) => {
      const waits = entries.some(([, { retryAfterSeconds }]) => retryAfterSeconds !== undefined);
      const codes = entries.map(([code]) => code);
      const code = { enum: codes.toSorted() };
      const fields = { properties: { status: { const: status }, code } };
      const response = {
        description: describeCodes(entries.map(([code, { detail }]) => [code, detail])),
        ...(waits && {
          headers: {
            "retry-after": { description: "Seconds to wait.", schema: { type: "integer" } },
          },
        }),
        content: {
          "application/problem+json": {
            schema: { allOf: [{ $ref: "#/components/schemas/Problem" }, fields] },
            examples: examplesOf(problems, codes),
          },
        },
      };
      return [String(status), response];
    }),
  );
}
