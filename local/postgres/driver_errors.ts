/**
 * Keeps the process alive when postgres.js 3.4 writes to a connection that Postgres has just cut. It does
 * so on its own timer or promise, where the caller cannot catch the error.
 */

/** Codes of a pool whose connections were ended or cut. */
const CUT = /^CONNECTION_(CLOSED|DESTROYED|ENDED)$|^ECONN/;

export interface DriverErrors extends Disposable {
  /** Number of ignored errors. */
  readonly count: number;
}

function isDriverError(error: unknown): boolean {
  return error instanceof TypeError && /reading 'write'/.test(error.message) &&
    /postgres.*connection\.js/.test(error.stack ?? "");
}

/** Ignores these errors until it is disposed of. Every other uncaught error ends the process, as usual. */
export function ignoreDriverErrors(): DriverErrors {
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
