/** The errors of access tokens. */
import { LoggableError } from "../loggable_error.ts";

/** The token is not a valid one of this project. */
export class InvalidTokenError extends LoggableError {
  override name = "InvalidTokenError";
}

/** The token has expired: the app renews the session instead of showing the sign-in page. */
export class ExpiredTokenError extends InvalidTokenError {
  override name = "ExpiredTokenError";
}

/** Auth gave no answer: the token may be valid. */
export class AuthUnavailableError extends LoggableError {
  override name = "AuthUnavailableError";
}
