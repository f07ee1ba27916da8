/** The clock of a stack. */
import { createScheduler, tickEveryMinute } from "../supabase/scheduler.ts";
import type { Resources } from "./resources.ts";

/** @param adminUrl A role that may become any job's owner. */
export function startScheduler(
  adminUrl: string,
  resources: Resources,
  onWarning: (message: string) => void,
): void {
  const scheduler = createScheduler(adminUrl);
  const stopping = new AbortController();
  resources.defer(() => scheduler.stop());
  resources.defer(() => stopping.abort());
  tickEveryMinute(scheduler, stopping.signal, (error) => {
    onWarning(`The scheduler's jobs of this minute failed: ${(error as Error).message}`);
  });
}
