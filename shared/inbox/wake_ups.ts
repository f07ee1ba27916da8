/** When a receiver of webhooks wakes the event worker. */
import { runInBackground } from "../http/background.ts";
import { sleep } from "../retry.ts";
import type { Receipt } from "./receive_event.ts";
import type { WakeWorker } from "./wake_worker.ts";

export interface WakeUps {
  /** For an event that is due. */
  now: WakeWorker;
  /** For a webhook that was answered 503: its row may follow. */
  afterRefusal(storing: Promise<Receipt>): void;
}

/** @param delayMs Delay of the wake-up for webhooks whose storing gave no answer: the database may store them even so. */
export function createWakeUps(wakeWorker: WakeWorker, delayMs: number): WakeUps {
  let waiting: Promise<void> | undefined;

  /** One wake-up for all that fail meanwhile. */
  function wakeLater(): Promise<void> {
    return waiting ??= sleep(delayMs).then(() => {
      waiting = undefined;
      wakeWorker();
    });
  }

  return {
    now: wakeWorker,
    afterRefusal(storing) {
      runInBackground(storing.then(({ due }) => {
        if (due) wakeWorker();
      }, wakeLater));
    },
  };
}
