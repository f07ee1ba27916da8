/** Sends webhooks, and sends those again that were not received. */

export interface DelivererOptions {
  /** Time limit for the answer. */
  timeoutMs: number;
  /** Whether a webhook with this answer is not sent again. */
  isReceived: (status: number) => boolean;
  /** Delays before each retry. @default {[]} */
  retryDelaysMs?: number[];
}

export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #closed = false;

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  /**
   * Sends once, and again after the delays of the options. Returns the first HTTP status, 0 without an
   * answer.
   * @param webhook Makes the request of each attempt.
   */
  async send(
    webhook: () => Promise<[url: string, init: RequestInit]>,
    attempt = 0,
  ): Promise<number> {
    const { timeoutMs, isReceived, retryDelaysMs } = this.#options;
    const [url, init] = await webhook();
    let status = 0;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(url, { method: "POST", redirect: "manual", ...init, signal });
      await response.body?.cancel();
      status = response.status;
    } catch {
      // A webhook without an answer counts as not received.
    }
    const delay = retryDelaysMs?.[attempt];
    if (!isReceived(status) && delay !== undefined && !this.#closed) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void this.send(webhook, attempt + 1);
      }, delay);
      this.#timers.add(timer);
    }
    return status;
  }

  /** Cancels the retries that are still to come. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
