/** The responses of `billing` to errors. */
import { NoSubscriptionError } from "../../shared/billing/portal.ts";
import { BillingError, isRefused } from "../../shared/billing/errors.ts";
import { isNotFound } from "../../shared/database/errors.ts";
import { accountDeleted } from "../../shared/http/users.ts";
import type { Problem } from "../../shared/http/problem.ts";
import { problemOf } from "../../shared/http/problem_table.ts";

export const PROBLEMS = {
  no_subscription: {
    status: 409,
    detail: "You have no subscription yet. Choose a plan first.",
  },
  stripe_refused: {
    status: 502,
    detail:
      "Stripe refuses this request, and would refuse it again. Nothing was bought; please contact " +
      "support.",
  },
  stripe_unavailable: {
    status: 502,
    detail: "Stripe did not answer as expected. Nothing was bought; please try again.",
  },
} as const;

export function toProblem(error: unknown): Problem | undefined {
  if (isNotFound(error)) return accountDeleted(error);
  if (error instanceof NoSubscriptionError) return problemOf(PROBLEMS, "no_subscription");
  if (error instanceof BillingError) {
    const code = isRefused(error) ? "stripe_refused" : "stripe_unavailable";
    return problemOf(PROBLEMS, code, { cause: error });
  }
  return undefined;
}
