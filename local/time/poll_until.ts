/** Waits for a state of another process or of the database. */
import { setTimeout as sleep } from "node:timers/promises";

export interface PollOptions {
  timeoutMs: number;
  /** @default {50} */
  intervalMs?: number;
}

type Result<T> = T | undefined | false;

/** Calls `read` until it returns a value. Returns undefined after the time limit. */
export async function pollUntil<T>(
  read: () => Result<T> | Promise<Result<T>>,
  { timeoutMs, intervalMs = 50 }: PollOptions,
): Promise<T | undefined> {
  const end = Date.now() + timeoutMs;
  while (true) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) return undefined;
    await sleep(intervalMs);
  }
}
