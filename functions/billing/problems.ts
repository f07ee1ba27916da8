/** The responses of `billing` to errors. */
import { NoSubscriptionError } from "../../shared/billing/portal.ts";
import { BillingError } from "../../shared/billing/errors.ts";
import { isNotFound } from "../../shared/database/errors.ts";
import { accountDeleted } from "../../shared/http/users.ts";
import type { Problem } from "../../shared/http/problem.ts";
import { problemOf } from "../../shared/http/problem_table.ts";

export const PROBLEMS = {
  no_subscription: {
    status: 409,
    detail: "You have no subscription yet. Choose a plan first.",
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
    return problemOf(PROBLEMS, "stripe_unavailable", { cause: error });
  }
  return undefined;
}
