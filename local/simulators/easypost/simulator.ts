/**
 * EasyPost as our backend meets it: shipments, rates, labels, refunds, trackers and their webhooks, in
 * memory, over real HTTP. It refuses what EasyPost refuses, and takes money also in test mode, where
 * EasyPost takes none. `/control` tells it what to do: see control.ts.
 */
import { Faults } from "../faults.ts";
import { Accounts } from "./accounts.ts";
import type { EasyPostEvent, Tracker, TrackerStatus } from "./objects.ts";
import type { Behaviour, EasyPostSimulatorOptions } from "./options.ts";
import { settledRefund, viewRefund } from "./refunds.ts";
import { simulatorRoutes } from "./routes.ts";
import { EasyPostState } from "./state.ts";
import { advancedTracker, type TrackerChange } from "./trackers.ts";
import { EventSender, makeEvent } from "./webhooks.ts";

export type { EasyPostSimulatorOptions };

/** An event, and the HTTP status that its receiver answered; 0 for no answer. */
export interface SentEvent {
  event: EasyPostEvent;
  answer: number;
}

export class EasyPostSimulator {
  readonly state: EasyPostState;
  readonly accounts: Accounts;
  readonly faults: Faults;
  readonly behaviour: Behaviour = {
    refundStatus: "submitted",
    lateRefund: "rejected",
    doubtfulBuys: [],
  };
  readonly mode: "test" | "production";
  readonly now: () => number;
  /** Method and path of every call of the API that was admitted, in order. */
  readonly calls: string[] = [];
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly #sender: EventSender;

  constructor(options: EasyPostSimulatorOptions) {
    this.now = options.now ?? Date.now;
    this.mode = options.apiKey.startsWith("EZTK") ? "test" : "production";
    this.state = new EasyPostState(options.journalPath);
    this.accounts = new Accounts(this.state);
    this.faults = new Faults(options.random);
    this.#sender = new EventSender(options);
    this.fetch = simulatorRoutes(this, options).fetch;
  }

  #tracker(trackingCode: string): Tracker {
    const tracker = this.state.findTracker(trackingCode);
    if (tracker === undefined) throw new Error(`Nothing has the tracking code ${trackingCode}`);
    return tracker;
  }

  #trackerEvent(tracker: Tracker, previous: Record<string, unknown> = {}): EasyPostEvent {
    return makeEvent({
      description: "tracker.updated",
      previous,
      result: tracker,
      mode: this.mode,
      now: this.now(),
    });
  }

  /** A parcel fares on. Nothing is sent yet: send what it returns, late or twice if you like. */
  changeTracker(
    trackingCode: string,
    status: TrackerStatus,
    change: TrackerChange = {},
  ): EasyPostEvent {
    const before = this.#tracker(trackingCode);
    const after = advancedTracker(before, status, change, this.now());
    this.state.put("trackers", after.id, after);
    return this.#trackerEvent(after, { status: before.status });
  }

  /** A parcel fares on, and the webhook is sent. */
  async advanceTracker(
    trackingCode: string,
    status: TrackerStatus,
    change: TrackerChange = {},
  ): Promise<SentEvent> {
    const event = this.changeTracker(trackingCode, status, change);
    return { event, answer: await this.send(event) };
  }

  /** A new event of a parcel's present state. */
  eventOf(trackingCode: string): EasyPostEvent {
    return this.#trackerEvent(this.#tracker(trackingCode));
  }

  /**
   * The carrier settles a submitted refund. Of one that is granted, the webhook is sent.
   * @param id The shipment's id or reference.
   */
  async settleRefund(
    id: string,
    status: "refunded" | "rejected",
  ): Promise<SentEvent | undefined> {
    const shipment = this.state.findShipment(id);
    if (shipment === undefined) throw new Error(`There is no shipment ${id}`);
    const settled = settledRefund(shipment, status, this);
    if (status === "rejected") return undefined;
    const event = makeEvent({
      description: "refund.successful",
      result: viewRefund(settled),
      mode: this.mode,
      now: this.now(),
    });
    return { event, answer: await this.send(event) };
  }

  /** Sends a webhook. Returns the HTTP status, 0 for no answer within 7 s. */
  send(event: EasyPostEvent): Promise<number> {
    return this.#sender.send(event);
  }

  close(): void {
    this.faults.close();
    this.#sender.close();
    this.state.close();
  }
}
