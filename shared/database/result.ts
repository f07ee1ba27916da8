/** Turns the client's `{ data, error }` into a value or a thrown error that may be logged. */

/** The database refused or could not be reached. */
export class DatabaseError extends Error {
  override name = "DatabaseError";
  /** SQLSTATE or the API's own code; empty when there was no answer. */
  readonly code: string;

  constructor(operation: string, code: string) {
    // Postgres messages can quote values of the row, so that only the code is kept.
    super(`${operation} failed${code ? ` with ${code}` : " without an answer"}`);
    this.code = code;
  }
}

/** @throws {DatabaseError} */
export function unwrap<T>(
  operation: string,
  result: { data: T | null; error: { code?: string } | null },
): T {
  if (result.error !== null) throw new DatabaseError(operation, result.error.code ?? "");
  return result.data as T;
}
