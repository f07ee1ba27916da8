/** Sends webhooks as TikTok does: signed, with 3 s to answer, four retries, and the same id every time. */
import { signWebhook } from "../../../shared/tiktok/api/signing.ts";
import { Deliverer } from "../deliverer.ts";

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
function isReceived(status: number): boolean {
  return status === 200 || status === 401;
}

export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #deliverer: Deliverer;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
    this.#deliverer = new Deliverer({ ...options, timeoutMs: TIMEOUT_MS, isReceived });
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
  send(notification: Notification): Promise<number> {
    return this.#deliverer.send(async () => {
      const body = this.body(notification);
      const authorization = await signWebhook(this.#options, new TextEncoder().encode(body));
      const headers = { "content-type": "application/json", authorization };
      return [this.#options.urlOf(notification), { headers, body }];
    });
  }

  /** Forgets the retries that are still to come. */
  close(): void {
    this.#deliverer.close();
  }
}
