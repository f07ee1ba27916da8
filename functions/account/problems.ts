/** The responses of `account` to errors. */
import { EmailMismatchError } from "../../shared/accounts/delete_account.ts";
import { BillingError } from "../../shared/billing/stripe.ts";
import { isNotFound } from "../../shared/database/errors.ts";
import { Problem } from "../../shared/http/problem.ts";
import { accountDeleted } from "../../shared/http/users.ts";

export function toProblem(error: unknown): Problem | undefined {
  if (isNotFound(error)) return accountDeleted(error);
  if (error instanceof EmailMismatchError) {
    const detail = "This is not the e-mail address of the account. Nothing was deleted.";
    return new Problem({ status: 422, code: "email_mismatch", detail });
  }
  if (error instanceof BillingError) {
    const detail = "Stripe did not answer as expected. Nothing was deleted; please try again.";
    return new Problem({ status: 503, code: "stripe_unavailable", detail }, { cause: error });
  }
  return undefined;
}
