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
  ImpossibleChange,
} from "./advance.ts";
import type { Api } from "./api.ts";
import { Books, type Happening } from "./books.ts";
import { changes } from "./changes.ts";
import { makeApi } from "./desks.ts";
import { makeThinEvent, type RequestOfEvent } from "./events.ts";
import type { StripeObject, Subscription } from "./objects.ts";
import type { StripeEvent } from "./session_objects.ts";
import type { Behaviour, StripeSimulatorOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { simulatorRoutes } from "./routes.ts";
import { PINNED_VERSION } from "./shapes.ts";
import { StripeState } from "./state.ts";
import type { SendOptions } from "./webhooks.ts";

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
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly #api: Api;
  readonly #outbox: Outbox;

  constructor(options: StripeSimulatorOptions) {
    this.now = options.now ?? Date.now;
    this.livemode = /^[sr]k_live_/.test(options.secretKey);
    const { apiVersion = PINNED_VERSION, autoSend = true } = options;
    this.behaviour = { apiVersion, autoSend, searchLagSeconds: 0 };
    this.state = new StripeState(options.journalPath);
    this.faults = new Faults(options.random);
    const { state, behaviour, livemode, now } = this;
    const { webhookUrl: url, webhookSecret: secret, enabledEvents = ["*"] } = options;
    const requests = new AsyncLocalStorage<RequestOfEvent>();
    this.#outbox = new Outbox({
      ...{ state, behaviour, livemode, requests, now },
      own: { url, secret, enabledEvents },
      retryDelaysMs: options.retryDelaysMs,
    });
    const tell = (happening: Happening) => this.#outbox.tell(happening);
    let origin = "http://localhost";
    this.#api = makeApi(
      new Books({ state, livemode, now, tell }),
      behaviour,
      () => options.publicUrl ?? origin,
    );
    this.#api.catalog.addPlans(options.prices ?? {});
    const { secretKey } = options;
    const routes = simulatorRoutes({ simulator: this, api: this.#api, secretKey, requests });
    this.fetch = (request) => {
      origin = new URL(request.url).origin;
      return routes.fetch(request);
    };
  }

  /** What has happened without `autoSend`, in order; the test's to send, and to empty. */
  get pendingEvents(): StripeEvent[] {
    return this.#outbox.pending;
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
    const told = this.#outbox.during(() => {
      advanceSubscription(this.#subscription(subscriptionId), this.changes[change], detail);
    });
    const answers = await Promise.all(told.flatMap(({ answer }) => answer ?? []));
    const events = told.map(({ event }) => event);
    return { subscription: this.#subscription(subscriptionId), events, answers };
  }

  /** A new event of a subscription's present state. Nothing is sent yet. */
  eventOf(subscriptionId: string, type = "customer.subscription.updated"): StripeEvent {
    return this.#outbox.make({ type, object: this.#subscription(subscriptionId) });
  }

  /** Sends an event to the endpoint of the options. Returns the HTTP status, 0 for no answer. */
  send(
    event: StripeEvent,
    { livemode = event.livemode, account, ...options }: EventSendOptions = {},
  ): Promise<number> {
    return this.#outbox.send({ ...event, livemode, ...(account && { account }) }, options);
  }

  /** Sends an event that only names an object. */
  sendThin(type: string, relatedObjectId: string, options: SendOptions = {}): Promise<number> {
    const related: StripeObject | undefined = this.state.findAny(relatedObjectId);
    if (related === undefined) throw new Error(`There is no ${relatedObjectId}`);
    const event = makeThinEvent(type, related, { livemode: this.livemode, now: this.now() });
    return this.#outbox.send(event, options);
  }

  /** Waits until no event is on its way; retries that are still to come do not count. */
  settled(): Promise<void> {
    return this.#outbox.settled();
  }

  close(): void {
    this.faults.close();
    this.#outbox.close();
    this.state.close();
  }
}
