/**
 * Keeps a test alive whose own connections, by postgres.js 3.4.9, are cut: it writes to them on its own
 * timer or promise, where no caller can catch the error. The stack uses another driver while it runs.
 */

/** Codes of a pool whose connections were ended or cut. */
const CUT = /^CONNECTION_(CLOSED|DESTROYED|ENDED)$|^ECONN/;

function isDriverError(error: unknown): boolean {
  return error instanceof TypeError && /reading 'write'/.test(error.message) &&
    /postgres.*connection\.js/.test(error.stack ?? "");
}

/** Ignores these errors until it is disposed of. Every other uncaught error ends the process, as usual. */
export function ignoreDriverErrors(): Disposable {
  const onError = (event: ErrorEvent) => {
    if (isDriverError(event.error)) event.preventDefault();
  };
  const onRejection = (event: PromiseRejectionEvent) => {
    if (CUT.test(String(event.reason?.code))) event.preventDefault();
  };
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onRejection);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("error", onError);
      globalThis.removeEventListener("unhandledrejection", onRejection);
    },
  };
}
