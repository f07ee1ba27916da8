/** State of the simulated EasyPost, kept in a journal file on request. */
import { Journal } from "../journal.ts";
import type { LabelFormat } from "../label_files.ts";
import type { RefundStatus } from "./behaviour.ts";
import type { Address, Fee, Parcel, Rate, RateMessage, Tracker } from "./objects.ts";

export const LABEL_FORMATS = ["PNG", "PDF", "ZPL"] as const satisfies LabelFormat[];
export type { LabelFormat };

export interface SimulatedLabel {
  id: string;
  createdAt: string;
  updatedAt: string;
  /** Format in which it was drawn. */
  format: LabelFormat;
  /** That format, and those to which it was converted. */
  formats: LabelFormat[];
}

export interface SimulatedPurchase {
  rate: Rate;
  trackerId: string;
  trackingCode: string;
  label: SimulatedLabel;
  fees: Fee[];
}

export interface SimulatedRefund {
  id: string;
  status: RefundStatus;
  createdAt: string;
  updatedAt: string;
}

/** What the carrier charges, or pays back, after the purchase. */
export interface SimulatedInvoice {
  id: string;
  /** Below 0 if it is paid back. */
  adjustmentCents: number;
}

export interface SimulatedShipment {
  id: string;
  /** The caller's own id. */
  reference: string | null;
  createdAt: string;
  updatedAt: string;
  toAddress: Address;
  fromAddress: Address;
  parcel: Parcel;
  options: Record<string, unknown>;
  labelFormat: LabelFormat;
  rates: Rate[];
  messages: RateMessage[];
  /** `null` until its label is bought. */
  purchase: SimulatedPurchase | null;
  refund: SimulatedRefund | null;
  invoice: SimulatedInvoice | null;
}

export interface SimulatedWebhook {
  id: string;
  url: string;
  mode: string;
  createdAt: string;
  /** Consecutive deliveries that the receiver did not take. */
  failures: number;
  /** When EasyPost switched it off. */
  disabledAt: string | null;
}

interface Collections {
  shipments: SimulatedShipment;
  trackers: Tracker;
  webhooks: SimulatedWebhook;
  /** `paidIn`: all cents paid into the account. */
  funds: number;
}

export class EasyPostState extends Journal<Collections> {
  constructor(journalPath?: string) {
    super(["shipments", "trackers", "webhooks", "funds"], journalPath);
  }

  /** @param id EasyPost's id, or the reference: then the newest shipment with it. */
  findShipment(id: string): SimulatedShipment | undefined {
    return this.get("shipments", id) ??
      this.all("shipments").findLast((shipment) => shipment.reference === id);
  }

  findTracker(trackingCode: string): Tracker | undefined {
    return this.all("trackers").findLast((tracker) => tracker.tracking_code === trackingCode);
  }
}
