/** Makes events of what happens, and sends them or keeps them back. */
import type { AsyncLocalStorage } from "node:async_hooks";
import type { Happening } from "./books.ts";
import { makeEvent, type RequestOfEvent } from "./events.ts";
import type { StripeEvent } from "./session_objects.ts";
import type { Behaviour } from "./options.ts";
import type { StripeState } from "./state.ts";
import { EventSender, type Receiver, type SendOptions, wants } from "./webhooks.ts";

export interface OutboxOptions {
  state: StripeState;
  behaviour: Behaviour;
  livemode: boolean;
  /** The endpoint that is there from the start. */
  own: Receiver;
  retryDelaysMs?: number[] | undefined;
  /** Knows which call makes happen what happens. */
  requests: AsyncLocalStorage<RequestOfEvent>;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** An event, and what the own endpoint answers to it if it is sent at once. */
export interface Told {
  event: StripeEvent;
  answer?: Promise<number>;
}

export class Outbox {
  /** What has happened without `autoSend`, in order. */
  readonly pending: StripeEvent[] = [];
  readonly #options: OutboxOptions;
  readonly #sender: EventSender;
  /** Who listens to what happens just now. */
  readonly #listeners = new Set<(told: Told) => void>();

  constructor(options: OutboxOptions) {
    this.#options = options;
    const { now, retryDelaysMs } = options;
    this.#sender = new EventSender({ now, ...(retryDelaysMs && { retryDelaysMs }) });
  }

  #wanting(type: string): Receiver[] {
    const { state, own } = this.#options;
    const added = state.all("webhookEndpoints").filter(({ status }) => status === "enabled");
    const receivers = added.map(({ url, secret, enabled_events: enabledEvents }) => (
      { url, secret, enabledEvents }
    ));
    return [own, ...receivers].filter((receiver) => wants(receiver, type));
  }

  make(happening: Happening): StripeEvent {
    const { state, behaviour, livemode, requests, now } = this.#options;
    const event = makeEvent(happening, {
      ...{ state, livemode, apiVersion: behaviour.apiVersion },
      created: Math.floor(now() / 1000),
      pendingWebhooks: this.#wanting(happening.type).length,
      request: requests.getStore() ?? { id: null, idempotency_key: null },
    });
    state.put("events", event.id, event);
    return event;
  }

  tell(happening: Happening): void {
    const event = this.make(happening);
    const told: Told = this.#options.behaviour.autoSend
      ? { event, answer: this.#sendToAll(event) }
      : { event };
    if (told.answer === undefined) this.pending.push(event);
    for (const listener of this.#listeners) listener(told);
  }

  /** What is told while the work is done, which must not wait for anything. */
  during(work: () => void): Told[] {
    const told: Told[] = [];
    const listener = (entry: Told) => told.push(entry);
    this.#listeners.add(listener);
    try {
      work();
    } finally {
      this.#listeners.delete(listener);
    }
    return told;
  }

  /** Returns what the own endpoint answers; 0 also if it does not want such an event. */
  async #sendToAll(event: StripeEvent): Promise<number> {
    const payload = JSON.stringify(event);
    const wanting = this.#wanting(event.type);
    const answers = await Promise.all(
      wanting.map((receiver) => this.#sender.send(payload, receiver)),
    );
    return wanting[0] === this.#options.own ? answers[0] ?? 0 : 0;
  }

  /** Sends to the own endpoint. Returns the HTTP status, 0 for no answer. */
  send(body: object, options: SendOptions): Promise<number> {
    return this.#sender.send(JSON.stringify(body), this.#options.own, options);
  }

  /** Waits until nothing is on its way; retries that are still to come do not count. */
  settled(): Promise<void> {
    return this.#sender.settled();
  }

  /** Forgets the retries that are still to come. */
  close(): void {
    this.#sender.close();
  }
}
