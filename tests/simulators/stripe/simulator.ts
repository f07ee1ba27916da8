/**
 * Stripe as our backend meets it: customers, subscriptions, invoices, Checkout, the billing portal and
 * their events, in memory, over real HTTP. It refuses what Stripe refuses. `/control` tells it what to
 * do: see control.ts.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { Faults } from "../faults.ts";
import {
  advanceSubscription,
  type ChangeDetail,
  type ChangeName,
  changes,
  ImpossibleChange,
} from "./advance.ts";
import type { Api } from "./api.ts";
import { Books, type Happening } from "./books.ts";
import { makeApi } from "./desks.ts";
import { makeEvent, makeThinEvent, type RequestOfEvent } from "./events.ts";
import type { StripeEvent, StripeObject, Subscription } from "./objects.ts";
import type { Behaviour, StripeSimulatorOptions } from "./options.ts";
import { simulatorRoutes } from "./routes.ts";
import { PINNED_VERSION } from "./shapes.ts";
import { StripeState } from "./state.ts";
import { EventSender, type Receiver, type SendOptions, wants } from "./webhooks.ts";

export type { ChangeDetail, ChangeName, StripeSimulatorOptions };
export { ImpossibleChange };

export interface EventSendOptions extends SendOptions {
  /** As if it came from the other mode. */
  livemode?: boolean;
  /** As if it came from a connected account. */
  account?: string;
}

/** What an advance led to. */
export interface Advanced {
  subscription: Subscription;
  events: StripeEvent[];
  /** The HTTP status that the receiver answered to each of them; 0 for no answer. Empty without `autoSend`. */
  answers: number[];
}

export class StripeSimulator {
  readonly state: StripeState;
  readonly faults: Faults;
  readonly behaviour: Behaviour;
  readonly livemode: boolean;
  readonly now: () => number;
  /** Method and path of every call of the API that was admitted, in order. */
  readonly calls: string[] = [];
  /** What has happened without `autoSend`, in order; the test's to send, and to empty. */
  readonly pendingEvents: StripeEvent[] = [];
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly #api: Api;
  readonly #own: Receiver;
  readonly #sender: EventSender;
  /** Which call makes happen what happens. */
  readonly #requests = new AsyncLocalStorage<RequestOfEvent>();
  /** Who listens to what happens just now. */
  readonly #listeners = new Set<
    (event: StripeEvent, answer: Promise<number> | undefined) => void
  >();

  constructor(options: StripeSimulatorOptions) {
    this.now = options.now ?? Date.now;
    this.livemode = /^[sr]k_live_/.test(options.secretKey);
    const { apiVersion = PINNED_VERSION } = options;
    this.behaviour = { apiVersion, autoSend: options.autoSend ?? true, searchLagSeconds: 0 };
    this.state = new StripeState(options.journalPath);
    this.faults = new Faults(options.random);
    const { webhookUrl: url, webhookSecret: secret, enabledEvents = ["*"] } = options;
    this.#own = { url, secret, enabledEvents };
    this.#sender = new EventSender({
      now: this.now,
      ...(options.retryDelaysMs && { retryDelaysMs: options.retryDelaysMs }),
    });
    const { state, livemode, now } = this;
    const books = new Books({ state, livemode, now, tell: (happening) => this.#tell(happening) });
    let origin = "http://localhost";
    this.#api = makeApi(books, this.behaviour, () => options.publicUrl ?? origin);
    this.#api.catalog.addPlans(options.prices ?? {});
    const { secretKey } = options;
    const requests = this.#requests;
    const routes = simulatorRoutes({ simulator: this, api: this.#api, secretKey, requests });
    this.fetch = (request) => {
      origin = new URL(request.url).origin;
      return routes.fetch(request);
    };
  }

  get #receivers(): Receiver[] {
    const added = this.state.all("webhookEndpoints").filter(({ status }) => status === "enabled");
    return [
      this.#own,
      ...added.map(({ url, secret, enabled_events: enabledEvents }) => (
        { url, secret, enabledEvents }
      )),
    ];
  }

  #make(happening: Happening): StripeEvent {
    const event = makeEvent(happening, {
      ...{ state: this.state, livemode: this.livemode },
      apiVersion: this.behaviour.apiVersion,
      created: Math.floor(this.now() / 1000),
      pendingWebhooks: this.#receivers.filter((receiver) => wants(receiver, happening.type)).length,
      request: this.#requests.getStore() ?? { id: null, idempotency_key: null },
    });
    this.state.put("events", event.id, event);
    return event;
  }

  #tell(happening: Happening): void {
    const event = this.#make(happening);
    let answer: Promise<number> | undefined;
    if (this.behaviour.autoSend) answer = this.#sendToAll(event);
    else this.pendingEvents.push(event);
    for (const listener of this.#listeners) listener(event, answer);
  }

  /** Returns what the endpoint of the options answers; 0 also if it does not want such an event. */
  async #sendToAll(event: StripeEvent): Promise<number> {
    const payload = JSON.stringify(event);
    const wanting = this.#receivers.filter((receiver) => wants(receiver, event.type));
    const answers = await Promise.all(
      wanting.map((receiver) => this.#sender.send(payload, receiver)),
    );
    return wanting[0] === this.#own ? answers[0] ?? 0 : 0;
  }

  #subscription(id: string): Subscription {
    const subscription = this.state.get("subscriptions", id);
    if (subscription === undefined) throw new Error(`There is no subscription ${id}`);
    return subscription;
  }

  /** What can happen to a subscription, and to which. */
  get changes() {
    return changes(this.#api);
  }

  /**
   * Something happens to a subscription; with `autoSend`, waits until its events were sent once.
   * @throws {ImpossibleChange | StripeRefusal}
   */
  async advance(
    subscriptionId: string,
    change: ChangeName,
    detail: ChangeDetail = {},
  ): Promise<Advanced> {
    const events: StripeEvent[] = [];
    const sent: Promise<number>[] = [];
    const listener = (event: StripeEvent, answer: Promise<number> | undefined) => {
      events.push(event);
      if (answer) sent.push(answer);
    };
    this.#listeners.add(listener);
    try {
      advanceSubscription(this.#subscription(subscriptionId), this.changes[change], detail);
    } finally {
      this.#listeners.delete(listener);
    }
    const answers = await Promise.all(sent);
    return { subscription: this.#subscription(subscriptionId), events, answers };
  }

  /** A new event of a subscription's present state. Nothing is sent yet. */
  eventOf(subscriptionId: string, type = "customer.subscription.updated"): StripeEvent {
    return this.#make({ type, object: this.#subscription(subscriptionId) });
  }

  /** Sends an event to the endpoint of the options. Returns the HTTP status, 0 for no answer. */
  send(
    event: StripeEvent,
    { livemode = event.livemode, account, ...options }: EventSendOptions = {},
  ): Promise<number> {
    const payload = JSON.stringify({ ...event, livemode, ...(account && { account }) });
    return this.#sender.send(payload, this.#own, options);
  }

  /** Sends an event that only names an object. */
  sendThin(type: string, relatedObjectId: string, options: SendOptions = {}): Promise<number> {
    const related: StripeObject | undefined = this.state.findAny(relatedObjectId);
    if (related === undefined) throw new Error(`There is no ${relatedObjectId}`);
    const event = makeThinEvent(type, related, { livemode: this.livemode, now: this.now() });
    return this.#sender.send(JSON.stringify(event), this.#own, options);
  }

  /** Waits until no event is on its way; retries that are still to come do not count. */
  settled(): Promise<void> {
    return this.#sender.settled();
  }

  close(): void {
    this.faults.close();
    this.#sender.close();
    this.state.close();
  }
}
