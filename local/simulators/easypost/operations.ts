/** Operations on the simulated EasyPost, without HTTP: for tests and `/control`. */
import { Faults } from "../faults.ts";
import { Accounts } from "./accounts.ts";
import type { Behaviour } from "./behaviour.ts";
import { adjustShipment, describeInvoice } from "./invoices.ts";
import type { EasyPostEvent, Mode, Tracker, TrackerStatus } from "./objects.ts";
import type { EasyPostSimulatorOptions } from "./options.ts";
import { describeRefund, settleRefund } from "./refunds.ts";
import { EasyPostState, type SimulatedWebhook } from "./state.ts";
import { advanceTracker, type TrackerChange } from "./trackers.ts";
import { EventSender, makeEvent } from "./webhooks.ts";
import { addFirstWebhook, recordAnswer } from "./webhooks_api.ts";

/** An event, and the HTTP status of its receiver; 0 for no answer. */
export interface SentEvent {
  event: EasyPostEvent;
  answer: number;
}

export class EasyPostOperations {
  readonly state: EasyPostState;
  readonly accounts: Accounts;
  readonly faults: Faults;
  readonly behaviour: Behaviour = {
    refundStatus: "submitted",
    lateRefund: "rejected",
    doubtfulBuys: [],
  };
  readonly mode: Mode;
  /** The key of the API, and the secret of the webhook: the dashboard changes both. */
  readonly keys: { apiKey: string; webhookSecret: string };
  readonly now: () => number;
  /** Method and path of every admitted call, in order. */
  readonly calls: string[] = [];
  readonly #sender: EventSender;

  constructor(options: EasyPostSimulatorOptions) {
    this.now = options.now ?? Date.now;
    this.mode = options.apiKey.startsWith("EZTK") ? "test" : "production";
    this.state = new EasyPostState(options.journalPath);
    this.accounts = new Accounts(this.state);
    this.faults = new Faults(options.random);
    this.keys = { apiKey: options.apiKey, webhookSecret: options.webhookSecret };
    this.#sender = new EventSender({ ...options, keys: this.keys });
    addFirstWebhook(this, options.webhookUrl);
  }

  #tracker(trackingCode: string): Tracker {
    const tracker = this.state.findTracker(trackingCode);
    if (tracker === undefined) throw new Error(`Unknown tracking code ${trackingCode}`);
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

  /** The carrier reports a status. Returns the webhook, not sent yet. */
  changeTracker(
    trackingCode: string,
    status: TrackerStatus,
    change: TrackerChange = {},
  ): EasyPostEvent {
    const before = this.#tracker(trackingCode);
    const after = advanceTracker(before, status, change, this.now());
    this.state.put("trackers", after.id, after);
    return this.#trackerEvent(after, { status: before.status });
  }

  /** As `changeTracker`, and sends the webhook. */
  async advanceTracker(trackingCode: string, status: TrackerStatus): Promise<SentEvent> {
    const event = this.changeTracker(trackingCode, status);
    return { event, answer: await this.send(event) };
  }

  /** A new event with the tracker's present state. */
  eventOf(trackingCode: string): EasyPostEvent {
    return this.#trackerEvent(this.#tracker(trackingCode));
  }

  /**
   * The carrier decides about a submitted refund. A granted refund sends a webhook.
   * @param id Id or reference of the shipment.
   */
  async settleRefund(
    id: string,
    status: "refunded" | "rejected",
  ): Promise<SentEvent | undefined> {
    const shipment = this.state.findShipment(id);
    if (shipment === undefined) throw new Error(`Unknown shipment ${id}`);
    const settled = settleRefund(shipment, status, this);
    if (status === "rejected") return undefined;
    const event = makeEvent({
      description: "refund.successful",
      result: describeRefund(settled),
      mode: this.mode,
      now: this.now(),
    });
    return { event, answer: await this.send(event) };
  }

  /**
   * The carrier measured the parcel, and charges or pays back an amount. Returns the webhook, not sent yet.
   * @param id Id or reference of the shipment.
   */
  adjustCost(id: string, adjustmentCents: number): EasyPostEvent {
    const shipment = this.state.findShipment(id);
    if (shipment === undefined) throw new Error(`Unknown shipment ${id}`);
    const adjusted = adjustShipment(shipment, adjustmentCents, this);
    const description = shipment.invoice === null
      ? "shipment.invoice.created"
      : "shipment.invoice.updated";
    const { mode } = this;
    return makeEvent({
      ...{ description, mode, now: this.now(), result: describeInvoice(adjusted, mode) },
    });
  }

  /** The webhook of this mode. */
  get webhook(): SimulatedWebhook {
    return this.state.all("webhooks").find(({ mode }) => mode === this.mode) as SimulatedWebhook;
  }

  /** EasyPost switches the webhook off. */
  switchWebhookOff(): void {
    const disabledAt = new Date(this.now()).toISOString();
    this.state.put("webhooks", this.webhook.id, { ...this.webhook, disabledAt });
  }

  /**
   * Sends a webhook, unless EasyPost has switched it off. Returns the HTTP status, 0 for no answer within
   * 7 s or without a delivery.
   */
  async send(event: EasyPostEvent): Promise<number> {
    if (this.webhook.disabledAt !== null) return 0;
    const status = await this.#sender.send(event);
    recordAnswer(this, this.webhook, status >= 200 && status < 300);
    return status;
  }

  close(): void {
    this.faults.close();
    this.#sender.close();
    this.state.close();
  }
}
