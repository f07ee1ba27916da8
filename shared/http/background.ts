/** Work that goes on after the response was sent. It must be safe to lose: only work that is stored. */
import { errorText, log } from "../log.ts";

declare const EdgeRuntime: { waitUntil(promise: Promise<unknown>): void } | undefined;

/** Keeps the worker alive until `work` ends; a failure is logged. */
export function runInBackground(work: Promise<unknown>): void {
  const logged = work.catch((error) =>
    log.error("background work failed", { error: errorText(error) })
  );
  if (typeof EdgeRuntime !== "undefined") EdgeRuntime.waitUntil(logged);
}
