/**
 * Keeps the process alive when postgres.js 3.4 writes to a connection that Postgres has just cut: it does
 * so on a timer of its own, or for a promise of its own, where nobody can catch the error.
 */

/** What a pool says of its connections when it is ended or cut. */
const CUT = /^CONNECTION_(CLOSED|DESTROYED|ENDED)$|^ECONN/;

export interface DriverErrors extends Disposable {
  readonly count: number;
}

function isDriverError(error: unknown): boolean {
  return error instanceof TypeError && /reading 'write'/.test(error.message) &&
    /postgres.*connection\.js/.test(error.stack ?? "");
}

/** Until it is disposed of. Every other uncaught error ends the process, as always. */
export function bearDriverErrors(): DriverErrors {
  let count = 0;
  const onError = (event: ErrorEvent) => {
    if (!isDriverError(event.error)) return;
    event.preventDefault();
    count++;
  };
  const onRejection = (event: PromiseRejectionEvent) => {
    if (!CUT.test(String(event.reason?.code))) return;
    event.preventDefault();
    count++;
  };
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onRejection);
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]() {
      globalThis.removeEventListener("error", onError);
      globalThis.removeEventListener("unhandledrejection", onRejection);
    },
  };
}
