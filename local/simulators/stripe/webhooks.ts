/** Sends signed events to the webhook endpoint. Stripe's own package signs them. */
import Stripe from "stripe";
import { Deliverer } from "../deliverer.ts";

const TIMEOUT_MS = 10_000;

export interface WebhookOptions {
  url: string;
  keys: { readonly webhookSecrets: readonly string[] };
  retryDelaysMs?: number[] | undefined;
  /** Milliseconds since 1970. */
  now: () => number;
}

export interface SignOptions {
  /** Signs instead of the endpoint's secret. */
  secret?: string;
  /** Time of the signature, in unix seconds. @default now */
  timestamp?: number;
}

export class WebhookSender {
  readonly #options: WebhookOptions;
  readonly #deliverer: Deliverer;
  readonly #inFlight = new Set<Promise<number>>();

  constructor(options: WebhookOptions) {
    this.#options = options;
    const { retryDelaysMs } = options;
    this.#deliverer = new Deliverer({
      timeoutMs: TIMEOUT_MS,
      isReceived: (status) => status >= 200 && status < 300,
      ...(retryDelaysMs && { retryDelaysMs }),
    });
  }

  /** Sends an event, with the retries of the options. Returns the first HTTP status; 0 without an answer. */
  async send(event: object, sign: SignOptions = {}): Promise<number> {
    const payload = JSON.stringify(event);
    const sending = this.#deliverer.send(() => this.#makeRequest(payload, sign));
    this.#inFlight.add(sending);
    try {
      return await sending;
    } finally {
      this.#inFlight.delete(sending);
    }
  }

  async #makeRequest(
    payload: string,
    { secret, timestamp = Math.floor(this.#options.now() / 1000) }: SignOptions,
  ): Promise<[url: string, init: RequestInit]> {
    const secrets = secret === undefined ? this.#options.keys.webhookSecrets : [secret];
    const headersOfSecrets = await Promise.all(
      secrets.map((secret) =>
        Stripe.webhooks.generateTestHeaderStringAsync({ payload, secret, timestamp })
      ),
    );
    // `t=...,v1=...,v1=...`: a signature for each secret that is still valid.
    const signature = headersOfSecrets.map((header, n) => n === 0 ? header : header.split(",")[1])
      .join(",");
    const headers = {
      "content-type": "application/json; charset=utf-8",
      "stripe-signature": signature,
      "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    };
    return [this.#options.url, { headers, body: payload }];
  }

  /** Waits until every request is answered; retries that are still to come do not count. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.allSettled([...this.#inFlight]);
  }

  /** Cancels the retries that are still to come. */
  close(): void {
    this.#deliverer.close();
  }
}
