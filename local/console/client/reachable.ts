/// <reference lib="dom" />
/** Whether the stack answers. After a silence the console looks every second until it does. */
import { Store } from "./store.ts";

const RETRY_MS = 1000;
const LIMIT_MS = 3000;

export const isReachable = new Store(true);

let waiting: ReturnType<typeof setTimeout> | undefined;

async function look(): Promise<void> {
  waiting = undefined;
  try {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const response = await fetch("/auth/v1/settings", { cache: "no-store", signal });
    await response.body?.cancel();
    if (isStarting(response.status, {})) noteSilence();
    else noteAnswer();
  } catch {
    noteSilence();
  }
}

/** Whether an answer is that of the stack's port while the stack starts, which has no code. */
export function isStarting(status: number, answer: { code?: unknown } | undefined): boolean {
  return [502, 503].includes(status) && answer?.code === undefined;
}

export function noteAnswer(): void {
  isReachable.set(true);
}

export function noteSilence(): void {
  isReachable.set(false);
  waiting ??= setTimeout(look, RETRY_MS);
}
