/** The responses of `health` to errors. */
import { DatabaseError } from "../../shared/database/errors.ts";
import { Problem } from "../../shared/http/problem.ts";

export function toProblem(error: unknown): Problem | undefined {
  if (!(error instanceof DatabaseError)) return undefined;
  return new Problem({
    status: 503,
    code: "health_unavailable",
    detail: "The database does not answer.",
  }, { cause: error });
}
