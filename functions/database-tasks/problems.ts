/** The responses of `database-tasks` to errors. */
import { DatabaseError } from "../../shared/database/errors.ts";
import type { Problem } from "../../shared/http/problem.ts";
import { problemOf } from "../../shared/http/problem_table.ts";

/** SQLSTATE of a statement that took too long, or no answer in time. */
const TIMEOUTS = ["57014", ""];

export const PROBLEMS = {
  catalog_unavailable: {
    status: 503,
    detail: "The database did not answer in time. Nothing was changed; please try again.",
  },
} as const;

export function toProblem(error: unknown): Problem | undefined {
  if (!(error instanceof DatabaseError) || !TIMEOUTS.includes(error.code)) return undefined;
  return problemOf(PROBLEMS, "catalog_unavailable", { cause: error });
}
