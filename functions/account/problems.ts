/** The responses of `account` to errors. */
import { EmailMismatchError } from "../../shared/accounts/delete_account.ts";
import { InvalidCursorError } from "../../shared/accounts/export_cursor.ts";
import { BillingError } from "../../shared/billing/stripe.ts";
import { DatabaseError, isNotFound } from "../../shared/database/errors.ts";
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
  // PT400: a cursor that was changed.
  if (
    error instanceof InvalidCursorError || error instanceof DatabaseError && error.code === "PT400"
  ) {
    const detail = "This is not a cursor of your export. Begin without ?cursor=.";
    return new Problem({ status: 400, code: "invalid_cursor", detail }, { cause: error });
  }
  return undefined;
}
