/** Sends webhooks as TikTok does: signed, with 3 s to answer, four retries, and the same id every time. */
import { signWebhook } from "../../../shared/tiktok/signing.ts";

export interface Notification {
  type: number;
  /** Stays the same when it is sent again. */
  id: string;
  shopId: string;
  data: Record<string, unknown>;
}

export interface WebhookSenderOptions {
  appKey: string;
  appSecret: string;
  /** Where a notification goes. */
  urlOf: (notification: Notification) => string;
  /** Milliseconds since 1970. */
  now: () => number;
  /**
   * Waits before each retry; TikTok's are 2 min, 30 min, 3 h and 12 h.
   * @default {[]}
   */
  retryDelaysMs?: number[];
}

export const TIKTOK_RETRY_DELAYS_MS = [2, 30, 180, 720].map((minutes) => minutes * 60_000);

const TIMEOUT_MS = 3000;

/** The upper half of TikTok's ids is the second of the event. */
export function notificationId(nowMs: number): string {
  const [low = 0] = crypto.getRandomValues(new Uint32Array(1));
  return ((BigInt(Math.floor(nowMs / 1000)) << 32n) | BigInt(low)).toString();
}

/** TikTok takes 200 and 401 for "received", and never sends it again. */
function isAccepted(status: number): boolean {
  return status === 200 || status === 401;
}

export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #closed = false;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
  }

  /** The bytes of a delivery: `timestamp` is the time of the push, so a retry has other bytes. */
  body(notification: Notification): string {
    return JSON.stringify({
      type: notification.type,
      tts_notification_id: notification.id,
      shop_id: notification.shopId,
      timestamp: Math.floor(this.#options.now() / 1000),
      data: notification.data,
    });
  }

  /** Sends once, and again later if that is wanted. Returns the HTTP status, 0 for no answer. */
  async send(notification: Notification, attempt = 0): Promise<number> {
    const body = this.body(notification);
    const authorization = await signWebhook(this.#options, new TextEncoder().encode(body));
    let status = 0;
    try {
      const response = await fetch(this.#options.urlOf(notification), {
        method: "POST",
        headers: { "content-type": "application/json", authorization },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      status = response.status;
    } catch {
      // No answer counts as not received.
    }
    const delay = this.#options.retryDelaysMs?.[attempt];
    if (!isAccepted(status) && delay !== undefined && !this.#closed) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void this.send(notification, attempt + 1);
      }, delay);
      this.#timers.add(timer);
    }
    return status;
  }

  /** Forgets the retries that are still to come. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
