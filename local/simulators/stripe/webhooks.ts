/** Sends events as Stripe does: signed by its own package, to every endpoint that wants them. */
import Stripe from "stripe";
import { Deliverer } from "../deliverer.ts";

const TIMEOUT_MS = 10_000;

export interface Receiver {
  url: string;
  secret: string;
  /** `*` for all. */
  enabledEvents: string[];
}

export interface SendOptions {
  /** Signs in place of the receiver's own secret. */
  secret?: string;
  /** When it is signed, in unix seconds. @default now */
  timestamp?: number;
}

export function wants({ enabledEvents }: Receiver, type: string): boolean {
  return enabledEvents.includes("*") || enabledEvents.includes(type);
}

export class EventSender {
  readonly #deliverer: Deliverer;
  readonly #now: () => number;
  readonly #inFlight = new Set<Promise<number>>();

  constructor({ retryDelaysMs, now }: { retryDelaysMs?: number[]; now: () => number }) {
    this.#now = now;
    this.#deliverer = new Deliverer({
      timeoutMs: TIMEOUT_MS,
      isReceived: (status) => status >= 200 && status < 300,
      ...(retryDelaysMs && { retryDelaysMs }),
    });
  }

  /** Sends once, and again later if that is wanted. Returns the HTTP status, 0 for no answer. */
  async send(
    payload: string,
    receiver: Receiver,
    { secret = receiver.secret, timestamp }: SendOptions = {},
  ): Promise<number> {
    const sending = this.#deliverer.send(async () => {
      const signature = await Stripe.webhooks.generateTestHeaderStringAsync({
        payload,
        secret,
        timestamp: timestamp ?? Math.floor(this.#now() / 1000),
      });
      const headers = {
        "content-type": "application/json; charset=utf-8",
        "stripe-signature": signature,
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
      };
      return [receiver.url, { headers, body: payload }];
    });
    this.#inFlight.add(sending);
    try {
      return await sending;
    } finally {
      this.#inFlight.delete(sending);
    }
  }

  /** Waits until nothing is on its way; retries that are still to come do not count. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.allSettled([...this.#inFlight]);
  }

  /** Forgets the retries that are still to come. */
  close(): void {
    this.#deliverer.close();
  }
}
