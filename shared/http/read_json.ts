/** Reads a JSON request body that has a schema. */
import * as z from "zod/mini";
import { parseJson } from "../values/json.ts";
import { isStorable } from "../values/storable_text.ts";
import { BODY_PROBLEMS, readBody } from "./read_body.ts";
import type { FieldError } from "./problem.ts";
import { problemOf } from "./problem_table.ts";
import { describeIssues } from "../values/zod_messages.ts";

const MAX_JSON_BYTES = 64 * 1024;

/** Problems of every route that reads JSON. */
export const JSON_PROBLEMS = {
  invalid_json: { status: 400, detail: "The body is not JSON, or has more than 100 levels." },
  invalid_body: {
    status: 400,
    detail: "The body does not have the fields of the route. The detail names each wrong field.",
  },
  ...BODY_PROBLEMS,
} as const;

/**
 * An empty body counts as `{}`.
 * @throws {Problem} 400 for anything but JSON of this schema and of 100 levels at most, 413 above `maxBytes` (64 KiB)
 */
export async function readJson<T extends z.ZodMiniType>(
  request: Request,
  schema: T,
  maxBytes = MAX_JSON_BYTES,
): Promise<z.infer<T>> {
  const bytes = await readBody(request, maxBytes);
  let json: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    json = parseJson(text.trim() === "" ? "{}" : text);
  } catch {
    throw problemOf(JSON_PROBLEMS, "invalid_json");
  }
  if (!isStorable(json)) {
    const detail =
      "The body has characters that no text can have: NUL, or half of a surrogate pair.";
    throw problemOf(JSON_PROBLEMS, "invalid_body", { detail });
  }
  const { success, data, error } = schema.safeParse(json);
  if (!success) {
    const issues = firstOfEachField(error.issues);
    throw problemOf(JSON_PROBLEMS, "invalid_body", {
      detail: describeIssues(issues, "body"),
      members: { errors: issues.map(pointAt) },
    });
  }
  return data;
}

/** The message of a schema for another type than an object; an unknown field keeps its own. */
export function asObject(fields: string) {
  return { error: ({ code }: { code: string }) => code === "invalid_type" ? fields : undefined };
}

/** Later checks of a field also run on a value of another form: their messages would contradict the first. */
function firstOfEachField(issues: z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const pointers = new Set<string>();
  return issues.filter((issue) => {
    const { pointer } = pointAt(issue);
    const isNew = issue.path.length === 0 || !pointers.has(pointer);
    pointers.add(pointer);
    return isNew;
  });
}

function pointAt({ path, message }: z.core.$ZodIssue): FieldError {
  const parts = path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1"));
  return { pointer: ["#", ...parts].join("/"), detail: message };
}
