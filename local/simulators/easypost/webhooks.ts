/** Sends events as EasyPost does: signed, 7 s to answer, the same id every time. */
import { createHmac } from "node:crypto";
import { Deliverer } from "../deliverer.ts";
import { newId } from "./ids.ts";
import type { EasyPostEvent, Mode } from "./objects.ts";

const TIMEOUT_MS = 7000;

export interface NewEvent {
  description:
    | "tracker.updated"
    | "refund.successful"
    | "shipment.invoice.created"
    | "shipment.invoice.updated";
  previous?: Record<string, unknown>;
  result: EasyPostEvent["result"];
  mode: Mode;
  /** Milliseconds since 1970. */
  now: number;
}

export function makeEvent(
  { description, previous = {}, result, mode, now }: NewEvent,
): EasyPostEvent {
  const at = new Date(now).toISOString();
  return {
    id: newId("evt"),
    object: "Event",
    created_at: at,
    updated_at: at,
    description,
    mode,
    previous_attributes: previous,
    status: "pending",
    pending_urls: [],
    completed_urls: [],
    result: structuredClone(result),
  };
}

/** Header `X-Hmac-Signature`. EasyPost normalizes the secret to NFKD. */
export function signatureOf(secret: string, body: string | Uint8Array): string {
  const hmac = createHmac("sha256", secret.normalize("NFKD")).update(body);
  return `hmac-sha256-hex=${hmac.digest("hex")}`;
}

export interface EventSenderOptions {
  keys: { readonly webhookSecret: string };
  webhookUrl: string;
  retryDelaysMs?: number[];
}

export class EventSender {
  readonly #options: EventSenderOptions;
  readonly #deliverer: Deliverer;

  constructor(options: EventSenderOptions) {
    this.#options = options;
    this.#deliverer = new Deliverer({
      ...options,
      timeoutMs: TIMEOUT_MS,
      isReceived: (status) => status >= 200 && status < 300,
    });
  }

  /** Sends once, and retries later if so configured. Returns the HTTP status, 0 for no answer. */
  send(event: EasyPostEvent): Promise<number> {
    const { keys, webhookUrl } = this.#options;
    const body = JSON.stringify(event);
    const headers = {
      "content-type": "application/json",
      "x-hmac-signature": signatureOf(keys.webhookSecret, body),
    };
    return this.#deliverer.send(() => Promise.resolve([webhookUrl, { headers, body }]));
  }

  /** Cancels the pending retries. */
  close(): void {
    this.#deliverer.close();
  }
}
