/**
 * Keeps the process alive when postgres.js 3.4 writes to a connection that Postgres has just cut: it does
 * so on a timer of its own, where nobody can catch the error, and the process ends.
 */

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
  globalThis.addEventListener("error", onError);
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => globalThis.removeEventListener("error", onError),
  };
}
