/** What the simulated EasyPost knows: shipments, trackers, money; kept in a journal file if asked. */
import { Journal } from "../journal.ts";
import type { Address, Fee, Parcel, Rate, RateMessage, Tracker } from "./objects.ts";
import type { RefundStatus } from "./options.ts";

export const LABEL_FORMATS = ["PNG", "PDF", "ZPL"] as const;
export type LabelFormat = typeof LABEL_FORMATS[number];

export interface SimulatedLabel {
  id: string;
  createdAt: string;
  updatedAt: string;
  size: string;
  format: LabelFormat;
  /** What it was converted to, besides. */
  converted: LabelFormat[];
}

export interface SimulatedPurchase {
  rate: Rate;
  trackerId: string;
  trackingCode: string;
  label: SimulatedLabel;
  insurance: string | null;
  fees: Fee[];
}

export interface SimulatedRefund {
  id: string;
  status: RefundStatus;
  createdAt: string;
  updatedAt: string;
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
  labelSize: string;
  rates: Rate[];
  messages: RateMessage[];
  /** `null` until its label is bought. */
  purchase: SimulatedPurchase | null;
  refund: SimulatedRefund | null;
}

interface Collections {
  shipments: SimulatedShipment;
  trackers: Tracker;
  /** Cents that were ever paid in, as `paidIn`. */
  funds: number;
}

export class EasyPostState extends Journal<Collections> {
  constructor(journalPath?: string) {
    super(["shipments", "trackers", "funds"], journalPath);
  }

  /** @param id EasyPost's id, or the reference; of several shipments with one reference, the newest. */
  findShipment(id: string): SimulatedShipment | undefined {
    return this.get("shipments", id) ??
      this.all("shipments").findLast((shipment) => shipment.reference === id);
  }

  findTracker(trackingCode: string): Tracker | undefined {
    return this.all("trackers").findLast((tracker) => tracker.tracking_code === trackingCode);
  }
}
