/** Sends webhooks as TikTok does: signed, 3 s to answer, four retries, the same id every time. */
import { Deliverer } from "../deliverer.ts";
import type { Notification } from "./notifications.ts";
import type { App } from "./open_api.ts";
import { signWebhook } from "./signatures.ts";

export interface WebhookSenderOptions {
  app: App;
  addressOf: (notification: Notification) => string;
  /** Milliseconds since 1970. */
  now: () => number;
  /**
   * Waits before each retry; TikTok waits 2 min, 30 min, 3 h and 12 h.
   * @default {[]}
   */
  retryDelaysMs?: number[];
}

export const TIKTOK_RETRY_DELAYS_MS = [2, 30, 180, 720].map((minutes) => minutes * 60_000);

const TIMEOUT_MS = 3000;

/** TikTok takes 200 and 401 for "received" and does not send again. */
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

  /** The body of a delivery: `timestamp` is the time of the push, so a retry has other bytes. */
  #body(notification: Notification): string {
    return JSON.stringify({
      type: notification.type,
      tts_notification_id: notification.id,
      shop_id: notification.shopId,
      timestamp: Math.floor(this.#options.now() / 1000),
      data: notification.data,
    });
  }

  /** Sends once, and retries later if so configured. Returns the HTTP status, 0 for no answer. */
  send(notification: Notification): Promise<number> {
    return this.#deliverer.send(() => {
      const body = this.#body(notification);
      const authorization = signWebhook(this.#options.app, body);
      const headers = { "content-type": "application/json", authorization };
      return Promise.resolve([this.#options.addressOf(notification), { headers, body }]);
    });
  }

  /** Cancels the pending retries. */
  close(): void {
    this.#deliverer.close();
  }
}

export interface ShuffledOptions {
  /** Number of notifications that are sent a second time, at the end. */
  duplicates?: number;
  /** Number of deliveries at the same time. */
  concurrency?: number;
}

function shuffle<T>(items: T[], random: () => number): T[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
  }
  return shuffled;
}

/** Sends notifications in random order, some of them twice. Returns every HTTP status. */
export async function sendShuffled(
  notifications: Notification[],
  send: (notification: Notification) => Promise<number>,
  random: () => number,
  { duplicates = 0, concurrency = 10 }: ShuffledOptions,
): Promise<number[]> {
  const first = shuffle(notifications, random);
  const repeated = Array.from({ length: duplicates }, (_, i) => first[i % first.length]);
  const queue = [...first, ...shuffle(repeated, random)].filter((entry) => entry !== undefined);
  const answers: number[] = [];
  const sendAll = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      answers.push(await send(next));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sendAll));
  return answers;
}
