/** A result that is kept for a time. */

/**
 * Returns a function that calls `read` at most once in `ms` milliseconds: later and concurrent callers share
 * its result.
 * @param now A clock in milliseconds that never goes back.
 */
export function keepFor<T>(
  ms: number,
  read: () => Promise<T>,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let kept: { since: number; result: Promise<T> } | undefined;
  return () => {
    const time = now();
    if (kept === undefined || time - kept.since >= ms) kept = { since: time, result: read() };
    return kept.result;
  };
}
