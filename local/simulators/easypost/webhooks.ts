/** Events, sent as EasyPost does: signed over the raw body, with 7 s to answer and the same id every time. */
import { Deliverer } from "../deliverer.ts";
import { newId } from "./ids.ts";
import type { EasyPostEvent } from "./objects.ts";

const TIMEOUT_MS = 7000;

export interface NewEvent {
  description: "tracker.updated" | "refund.successful";
  previous?: Record<string, unknown>;
  result: EasyPostEvent["result"];
  mode: string;
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

/** The secret counts as its NFKD form, in UTF-8. */
async function signatureOf(secret: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const raw = new TextEncoder().encode(secret.normalize("NFKD"));
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, body)).toHex();
}

export interface EventSenderOptions {
  webhookSecret: string;
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

  /** Sends once, and again later if that is wanted. Returns the HTTP status, 0 for no answer. */
  send(event: EasyPostEvent): Promise<number> {
    const body = new TextEncoder().encode(JSON.stringify(event));
    return this.#deliverer.send(async () => {
      const signature = await signatureOf(this.#options.webhookSecret, body);
      const headers = {
        "content-type": "application/json",
        "x-hmac-signature": `hmac-sha256-hex=${signature}`,
      };
      return [this.#options.webhookUrl, { headers, body }];
    });
  }

  /** Forgets the retries that are still to come. */
  close(): void {
    this.#deliverer.close();
  }
}
