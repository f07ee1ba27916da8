/** The errors of the database, without anything that a log must not hold. */
import { LoggableError } from "../loggable_error.ts";

/** The database refused a call or did not answer. */
export class DatabaseError extends LoggableError {
  override name = "DatabaseError";
  /** Name of the SQL function or table. */
  readonly operation: string;
  /** SQLSTATE, or the code of the API; empty when there was no answer. */
  readonly code: string;

  constructor(operation: string, code: string) {
    // Postgres messages can quote values of the row: only the code is kept.
    super(`${operation} failed${code ? ` with ${code}` : " without an answer"}`);
    this.operation = operation;
    this.code = code;
  }
}

/** The row does not exist, or belongs to another seller. */
export function isNotFound(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && error.code === "PT404";
}

/** The row belongs to another account, or its state does not allow the call. */
export function isConflict(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && error.code === "PT409";
}

/** Something newer is stored than the call would store. */
export function isReplaced(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && error.code === "PT410";
}

/** The value of a query's `{ data, error }`. @throws {DatabaseError} */
export function unwrap<T>(
  operation: string,
  result: { data: T | null; error: { code?: string } | null },
): T {
  if (result.error !== null) throw new DatabaseError(operation, result.error.code ?? "");
  return result.data as T;
}
