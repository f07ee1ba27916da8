/** Why a seller's request about the account is refused. */
import { LoggableError } from "../loggable_error.ts";

/** The body does not name the address of the account. */
export class EmailMismatchError extends LoggableError {
  override name = "EmailMismatchError";
}

/** The text is not a cursor of an export. */
export class InvalidCursorError extends LoggableError {
  override name = "InvalidCursorError";
}
