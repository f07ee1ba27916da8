/** The responses of `health` to errors. */
import { DatabaseError } from "../../shared/database/errors.ts";
import type { Problem } from "../../shared/http/problem.ts";
import { problemOf } from "../../shared/http/problem_table.ts";

export const PROBLEMS = {
  invalid_format: { status: 400, detail: "format is json or openmetrics." },
  health_unavailable: { status: 503, detail: "The database does not answer." },
} as const;

export function toProblem(error: unknown): Problem | undefined {
  if (!(error instanceof DatabaseError)) return undefined;
  return problemOf(PROBLEMS, "health_unavailable", { cause: error });
}
