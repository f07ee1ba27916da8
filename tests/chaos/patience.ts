/** Bears it that Postgres or the functions are away for a moment, or never answer a call. */
import { setTimeout as sleep } from "node:timers/promises";

const WAIT_MS = 100;
const ATTEMPT_MS = 5000;

/** What is asked of a connection that a restart has cut may never be answered. */
export async function within<T>(ms: number, what: string, action: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = sleep(ms, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`${what}: no answer for ${ms / 1000} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([action(), late]);
  } finally {
    stop.abort();
  }
}

/** Does it again until it succeeds. @throws {Error} after `timeoutMs`, with what went wrong last. */
export async function patiently<T>(
  what: string,
  action: () => Promise<T>,
  timeoutMs = 90_000,
  attemptMs = ATTEMPT_MS,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  while (true) {
    try {
      return await within(attemptMs, what, action);
    } catch (error) {
      if (Date.now() > end) {
        throw new Error(
          `For ${timeoutMs / 1000} s in vain: ${what}. At last: ${(error as Error).message}`,
        );
      }
    }
    await sleep(WAIT_MS);
  }
}
