/** Wakes the event worker, which processes what other functions store. */
import type { SupabaseConfig } from "../config.ts";
import { fetchSupabase } from "../database/fetch_supabase.ts";
import { runInBackground } from "../http/background.ts";
import { errorText, log } from "../log.ts";
import { LoggableError } from "../loggable_error.ts";
import { retry, sleep } from "../retry.ts";

/** Pause between two calls: events that are stored meanwhile share the second one. */
const WAKE_PAUSE_MS = 200;

/** Waits before a failed call is repeated: the platform may have just ended the worker. */
const RETRY_MS = [500, 2000];

/** Call it when events are due. If all attempts fail, that is logged: the worker runs each minute too. */
export type WakeWorker = () => void;

export interface WakeOptions {
  /** @throws if the worker is not awake. @default {a call of `event-worker/wake`} */
  call?: () => Promise<void>;
  /** @default {WAKE_PAUSE_MS} */
  pauseMs?: number;
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
  wait?: (ms: number) => Promise<void>;
}

/** One call at a time; everything that becomes due during a call and its pause shares the next. */
export function createWakeWorker(
  supabase: SupabaseConfig,
  { call = () => callWorker(supabase), pauseMs = WAKE_PAUSE_MS, now = Date.now, wait = sleep }:
    WakeOptions = {},
): WakeWorker {
  let isWanted = false;
  let isCalling = false;
  let mayCallAt = 0;

  async function callWhileWanted(): Promise<void> {
    isCalling = true;
    while (isWanted) {
      const pause = mayCallAt - now();
      if (pause > 0) await wait(pause);
      isWanted = false;
      await retry(call, { waitMs: (_, attempt) => RETRY_MS[attempt - 1], wait }).catch((error) => {
        log.warn("event worker not woken", { error: errorText(error) });
      });
      mayCallAt = now() + pauseMs;
    }
    isCalling = false;
  }

  return () => {
    isWanted = true;
    if (!isCalling) runInBackground(callWhileWanted());
  };
}

/** @throws {LoggableError} for another answer than 202 */
async function callWorker({ url, secretKey }: SupabaseConfig): Promise<void> {
  const response = await fetchSupabase(`${url}/functions/v1/event-worker/wake`, {
    method: "POST",
    headers: { apikey: secretKey },
  });
  await response.body?.cancel();
  if (response.status !== 202) throw new LoggableError(`It answered ${response.status}`);
}
