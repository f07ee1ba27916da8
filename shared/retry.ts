/** Repeats calls that may succeed a moment later. */
import { setTimeout as delay } from "node:timers/promises";

/** Resolves after so many milliseconds. */
export async function sleep(ms: number): Promise<void> {
  await delay(ms);
}

export interface RetryOptions {
  /**
   * Milliseconds to wait before the next attempt, `undefined` to give up and throw the error.
   * @param attempt Number of the failed attempt, from 1.
   */
  waitMs(error: unknown, attempt: number): number | undefined;
  /** @default {sleep} */
  wait?: (ms: number) => Promise<void>;
}

/** @throws the error of the last attempt */
export async function retry<T>(
  call: () => Promise<T>,
  { waitMs, wait = sleep }: RetryOptions,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await call();
    } catch (error) {
      const ms = waitMs(error, attempt);
      if (ms === undefined) throw error;
      await wait(ms);
    }
  }
}
