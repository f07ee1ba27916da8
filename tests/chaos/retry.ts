/** Retries calls while Postgres or the functions are unreachable, or do not answer. */
import { setTimeout as sleep } from "node:timers/promises";
import { withTimeout } from "../../local/time/with_timeout.ts";

const WAIT_MS = 100;

export interface RetryOptions {
  /** @default {90_000} */
  timeoutMs?: number;
  /** Limit of one attempt: a connection that a restart has cut may never answer. @default {5000} */
  attemptMs?: number;
}

/** Repeats `action` until it succeeds. @throws {Error} after the time limit, with the last error. */
export async function retry<T>(
  description: string,
  action: () => T | Promise<T>,
  { timeoutMs = 90_000, attemptMs = 5000 }: RetryOptions = {},
): Promise<T> {
  const end = Date.now() + timeoutMs;
  while (true) {
    try {
      return await withTimeout(attemptMs, Promise.try(action));
    } catch (error) {
      if (Date.now() > end) {
        const { message } = error as Error;
        throw new Error(
          `Without success for ${timeoutMs / 1000} s: ${description}. Last error: ${message}`,
        );
      }
    }
    await sleep(WAIT_MS);
  }
}
