/** The responses of `database-tasks` to errors. */
import { DatabaseError } from "../../shared/database/errors.ts";
import { Problem } from "../../shared/http/problem.ts";

/** SQLSTATE of a statement that took too long, or no answer in time. */
const TIMEOUTS = ["57014", ""];

export function toProblem(error: unknown): Problem | undefined {
  if (!(error instanceof DatabaseError) || !TIMEOUTS.includes(error.code)) return undefined;
  return new Problem({
    status: 503,
    code: "catalog_unavailable",
    detail: "The database did not answer in time. Nothing was changed; please try again.",
  }, { cause: error });
}
