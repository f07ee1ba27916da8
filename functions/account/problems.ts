/** The responses of `account` to errors. */
import { EmailMismatchError, InvalidCursorError } from "../../shared/accounts/errors.ts";
import { BillingError, isRefused } from "../../shared/billing/errors.ts";
import { DatabaseError, isNotFound } from "../../shared/database/errors.ts";
import type { Problem } from "../../shared/http/problem.ts";
import { problemOf } from "../../shared/http/problem_table.ts";
import { accountDeleted } from "../../shared/http/users.ts";

export const PROBLEMS = {
  email_mismatch: {
    status: 422,
    detail: "This is not the e-mail address of the account. Nothing was deleted.",
  },
  stripe_refused: {
    status: 502,
    detail:
      "Stripe refuses this request, and would refuse it again. Nothing was deleted; please contact " +
      "support.",
  },
  stripe_unavailable: {
    status: 503,
    detail: "Stripe did not answer as expected. Nothing was deleted; please try again.",
  },
  invalid_cursor: {
    status: 400,
    detail: "This is not a cursor of your export. Begin without ?cursor=.",
  },
  invalid_range: {
    status: 400,
    detail: "Send ?from= and &to=, in this order: days such as 2026-11-01, or times with their " +
      "offset such as 2026-11-01T00:00:00Z.",
  },
} as const;

export function toProblem(error: unknown): Problem | undefined {
  if (isNotFound(error)) return accountDeleted(error);
  if (error instanceof EmailMismatchError) return problemOf(PROBLEMS, "email_mismatch");
  if (error instanceof BillingError) {
    const code = isRefused(error) ? "stripe_refused" : "stripe_unavailable";
    return problemOf(PROBLEMS, code, { cause: error });
  }
  // PT400: a cursor that was changed.
  if (
    error instanceof InvalidCursorError || error instanceof DatabaseError && error.code === "PT400"
  ) {
    return problemOf(PROBLEMS, "invalid_cursor", { cause: error });
  }
  return undefined;
}
