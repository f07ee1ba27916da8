/** Time limits for promises that cannot be cancelled. */
import { setTimeout as sleep } from "node:timers/promises";

/** The promise did not settle in time. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
}

/** Result of `promise`. @throws {TimeoutError} after `ms`; the promise itself continues. */
export async function withTimeout<T>(ms: number, promise: Promise<T>): Promise<T> {
  const settled = new AbortController();
  const limit = sleep(ms, undefined, { signal: settled.signal }).then(() => {
    throw new TimeoutError(`no answer within ${ms / 1000} s`);
  });
  limit.catch(() => {});
  try {
    return await Promise.race([promise, limit]);
  } finally {
    settled.abort();
  }
}

/** Argument of `catch` where the outcome does not matter. @throws other errors. */
export function ignoreTimeout(error: unknown): void {
  if (!(error instanceof TimeoutError)) throw error;
}
