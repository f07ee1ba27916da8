/** One kind of error for all calls of the console. */

/** Codes of our own for calls that got no answer of the API. */
export type ErrorKind = "offline" | "signed_out" | "refused";

export class CallError extends Error {
  override name = "CallError";
  readonly kind: ErrorKind;
  /** Code of the API, or the kind. */
  readonly code: string;
  /** Other fields of the problem. */
  readonly problem: Record<string, unknown>;

  constructor(kind: ErrorKind, code: string, message: string, problem = {}) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.problem = problem;
  }
}

export function offlineError(): CallError {
  return new CallError("offline", "offline", "The local stack does not answer.");
}

interface ClientError {
  message: string;
  code?: string | undefined;
  status?: number | undefined;
  name?: string;
}

/** An error that supabase-js returned. */
export function toCallError(error: ClientError, status = error.status ?? 0): CallError {
  const isUnreachable = /fetch|network/i.test(error.message) && !error.code;
  if (isUnreachable || status === 502 || status === 503) return offlineError();
  if (status === 401) return new CallError("signed_out", error.code ?? "signed_out", error.message);
  return new CallError("refused", error.code ?? "refused", error.message);
}

/** What a person reads about any error. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
