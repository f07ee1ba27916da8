/** What a simulator is told when it is made, and what it may be told later. */

export interface EasyPostSimulatorOptions {
  /** The only key that it knows; one that begins with EZTK makes it EasyPost's test mode. */
  apiKey: string;
  /** Signs the webhooks. */
  webhookSecret: string;
  /** Where webhooks go. */
  webhookUrl: string;
  /** What labels' addresses begin with, where the simulator is not at the root of its host. */
  publicUrl?: string;
  /** File that keeps its state between runs. */
  journalPath?: string;
  /** Waits before a webhook is sent again that was not received. @default {[]} */
  retryDelaysMs?: number[];
  /** Milliseconds since 1970. @default {Date.now} */
  now?: () => number;
  /** For faults with a probability. @default {Math.random} */
  random?: () => number;
}

export const REFUND_STATUSES = ["submitted", "refunded", "rejected", "not_applicable"] as const;
export type RefundStatus = typeof REFUND_STATUSES[number];

export const DOUBTFUL_CODES = [
  "SHIPMENT.POSTAGE.TIMED_OUT",
  "SHIPMENT.POSTAGE.NO_RESPONSE",
] as const;
export type DoubtfulCode = typeof DOUBTFUL_CODES[number];

/** What carriers do that nobody can foresee. */
export interface Behaviour {
  /** What a refund of a label that no carrier has scanned comes to at once. */
  refundStatus: RefundStatus;
  /** Whether a refund comes too late as `rejected`, or is refused and leaves no trace. */
  lateRefund: "rejected" | "refused";
  /** The next purchases, in order, are made and answered with these errors. */
  doubtfulBuys: DoubtfulCode[];
}
