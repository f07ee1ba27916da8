/**
 * An error whose message may be logged and stored: it consists of our own words, codes and ids, never of a
 * vendor's words, a value of a row or a URL. The message of any other error is left out of logs.
 */
export class LoggableError extends Error {
  override name = "LoggableError";
}
