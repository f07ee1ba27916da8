/** Unforeseeable behaviour of the carriers, set by tests and `/control`. */

export const REFUND_STATUSES = ["submitted", "refunded", "rejected", "not_applicable"] as const;
export type RefundStatus = typeof REFUND_STATUSES[number];

export const DOUBTFUL_CODES = [
  "SHIPMENT.POSTAGE.TIMED_OUT",
  "SHIPMENT.POSTAGE.NO_RESPONSE",
] as const;
export type DoubtfulCode = typeof DOUBTFUL_CODES[number];

export interface Behaviour {
  /** First status of a refund if no carrier has scanned the parcel. */
  refundStatus: RefundStatus;
  /** Outcome of a refund of a scanned parcel: status `rejected`, or a refused call. */
  lateRefund: "rejected" | "refused";
  /** Errors of the next purchases, in order. The labels are bought. */
  doubtfulBuys: DoubtfulCode[];
}
