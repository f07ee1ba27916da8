/**
 * Stripe as our backend uses it: customers, subscriptions, Checkout, the customer portal and signed
 * events, over real HTTP. ../README.md lists what it refuses and what it leaves out.
 */
import Stripe from "stripe";
import { Faults } from "../faults.ts";
import { type ChangeDetail, type ChangeName, ImpossibleChange, makeChanges } from "./changes.ts";
import { controlRoutes } from "./control.ts";
import { makeEvent, makeThinEvent } from "./events.ts";
import type { EventType, StripeEvent, Subscription } from "./objects.ts";
import type { Behaviour, StripeKeys, StripeSimulatorOptions } from "./options.ts";
import { simulatorRoutes } from "./routes.ts";
import { makeServices } from "./services.ts";
import { StripeState } from "./state.ts";
import { type ObjectChange, Store } from "./store.ts";
import { type SignOptions, WebhookSender } from "./webhooks.ts";

export type { ChangeDetail, ChangeName, StripeSimulatorOptions };
export { ImpossibleChange };

export interface EventSendOptions extends SignOptions {
  /** Replaces the mode of the event. */
  livemode?: boolean;
  /** A connected account that the event claims to come from. */
  account?: string;
}

interface RecordedEvent {
  event: StripeEvent;
  answer: Promise<number> | undefined;
}

/** The result of a change. */
export interface Advanced {
  subscription: Subscription;
  events: StripeEvent[];
  /** The HTTP status of each delivery, 0 without an answer. Empty without `autoSend`. */
  answers: number[];
}

export class StripeSimulator {
  readonly state: StripeState;
  readonly faults: Faults;
  readonly behaviour: Behaviour;
  readonly livemode: boolean;
  readonly keys: StripeKeys;
  readonly now: () => number;
  /** Method and path of every call with the right key, in order. */
  readonly calls: string[] = [];
  /** The events that `autoSend` did not send, in order. The test sends and removes them. */
  readonly pendingEvents: StripeEvent[] = [];
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly #changes: ReturnType<typeof makeChanges>;
  readonly #webhooks: WebhookSender;
  /** The events of the change that runs, with their deliveries. */
  #recording: RecordedEvent[] | undefined;

  constructor(options: StripeSimulatorOptions) {
    const { secretKey, webhookUrl: url, webhookSecret, retryDelaysMs } = options;
    this.keys = { secretKey, webhookSecrets: [webhookSecret] };
    const now = this.now = options.now ?? Date.now;
    this.livemode = /^[sr]k_live_/.test(secretKey);
    this.behaviour = {
      apiVersion: Stripe.API_VERSION,
      autoSend: options.autoSend ?? true,
      searchLagSeconds: 0,
      portalConfigured: true,
    };
    this.state = new StripeState(options.journalPath);
    this.faults = new Faults(options.random);
    this.#webhooks = new WebhookSender({ url, keys: this.keys, retryDelaysMs, now });
    const { state, faults, behaviour, livemode, keys } = this;
    let origin = "http://localhost";
    const store = new Store({ state, livemode, now, report: (change) => this.#report(change) });
    const services = makeServices(store, () => options.publicUrl ?? origin);
    services.prices.addPlans(options.prices ?? {});
    this.#changes = makeChanges({ ...services, invoices: services.subscriptionInvoices });
    const routes = simulatorRoutes({
      ...{ services, faults, behaviour, keys },
      onCall: (call) => this.calls.push(call),
      control: controlRoutes(this, this.#changes),
    });
    this.fetch = (request) => {
      origin = new URL(request.url).origin;
      return routes.fetch(request);
    };
  }

  #makeEvent(change: ObjectChange): StripeEvent {
    const { apiVersion } = this.behaviour;
    const created = Math.floor(this.now() / 1000);
    const event = makeEvent(change, { apiVersion, livemode: this.livemode, created });
    this.state.put("events", event.id, event);
    return event;
  }

  #report(change: ObjectChange): void {
    const event = this.#makeEvent(change);
    const answer = this.behaviour.autoSend ? this.send(event) : undefined;
    if (answer === undefined) this.pendingEvents.push(event);
    this.#recording?.push({ event, answer });
  }

  #findSubscription(id: string): Subscription {
    const subscription = this.state.get("subscriptions", id);
    if (subscription === undefined) throw new Error(`There is no subscription ${id}`);
    return subscription;
  }

  /**
   * Changes a subscription. With `autoSend` it waits until each event was sent once.
   * @throws {ImpossibleChange} @throws {ApiError}
   */
  async advance(
    subscriptionId: string,
    name: ChangeName,
    detail: ChangeDetail = {},
  ): Promise<Advanced> {
    const subscription = this.#findSubscription(subscriptionId);
    const { from, run } = this.#changes[name];
    if (!from.includes(subscription.status)) {
      throw new ImpossibleChange(
        `${name} needs a subscription that is ${from.join(", ")}; this one is ` +
          `${subscription.status}.`,
      );
    }
    const recording: RecordedEvent[] = this.#recording = [];
    try {
      run(subscription, detail);
    } finally {
      this.#recording = undefined;
    }
    const answers = await Promise.all(recording.flatMap(({ answer }) => answer ?? []));
    const events = recording.map(({ event }) => event);
    return { subscription: this.#findSubscription(subscriptionId), events, answers };
  }

  /**
   * A new event of a subscription's present state. It is not sent.
   * @param type Any text: a later API version has types that the package does not know.
   */
  eventOf(subscriptionId: string, type = "customer.subscription.updated"): StripeEvent {
    return this.#makeEvent({
      type: type as EventType,
      object: this.#findSubscription(subscriptionId),
    });
  }

  /** Sends an event to the webhook endpoint. Returns the HTTP status, 0 without an answer. */
  send(
    event: StripeEvent,
    { livemode = event.livemode, account, ...sign }: EventSendOptions = {},
  ): Promise<number> {
    return this.#webhooks.send({ ...event, livemode, ...(account && { account }) }, sign);
  }

  /** Sends a thin event, which only names its object. */
  sendThin(type: string, relatedObjectId: string): Promise<number> {
    const related = this.state.findAny(relatedObjectId);
    if (related === undefined) throw new Error(`There is no ${relatedObjectId}`);
    const { livemode } = this;
    return this.#webhooks.send(makeThinEvent(type, related, { livemode, now: this.now() }));
  }

  /** Waits until every event that was sent is answered; retries that are still to come do not count. */
  settled(): Promise<void> {
    return this.#webhooks.settled();
  }

  close(): void {
    this.faults.close();
    this.#webhooks.close();
    this.state.close();
  }
}
