/** The responses of `billing` to errors. */
import { NoSubscriptionError } from "../../shared/billing/portal.ts";
import { BillingError } from "../../shared/billing/stripe.ts";
import { isNotFound } from "../../shared/database/errors.ts";
import { accountDeleted } from "../../shared/http/users.ts";
import { Problem } from "../../shared/http/problem.ts";

export function toProblem(error: unknown): Problem | undefined {
  if (isNotFound(error)) return accountDeleted(error);
  if (error instanceof NoSubscriptionError) {
    return new Problem({
      status: 409,
      code: "no_subscription",
      detail: "You have no subscription yet. Choose a plan first.",
    });
  }
  if (error instanceof BillingError) {
    const detail = "Stripe did not answer as expected. Nothing was bought; please try again.";
    return new Problem({ status: 502, code: "stripe_unavailable", detail }, { cause: error });
  }
  return undefined;
}
