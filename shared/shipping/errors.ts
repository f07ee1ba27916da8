/** Why a label could not be bought, read, or voided: codes that sellers' apps know, see docs/labels.md. */
import { Problem } from "../http/problem.ts";

const REFUSALS = {
  // What the order is.
  order_cancelled: "The order is cancelled.",
  order_refunded: "The order was refunded.",
  order_unpaid: "The order is not paid yet.",
  order_on_hold: "TikTok holds the order for an hour, in which the buyer may cancel it.",
  cancellation_requested: "The buyer asks to cancel the order. Answer that at TikTok first.",
  already_shipped: "The order, or what is asked for, is shipped already.",
  shipping_type_unknown: "TikTok does not say who ships the order.",
  tiktok_label_required: "TikTok ships this order: only its own labels may be used.",
  tiktok_label_unavailable: "The seller ships this order: TikTok sells no label for it.",
  address_masked: "TikTok hides the buyer's address: another carrier cannot deliver there.",
  address_missing: "The order has no address yet.",
  order_changed: "The order has just changed. Look at it again.",
  line_items_unknown: "The order has no such line items.",
  line_items_labelled: "One of the line items has a label already, or is getting one.",
  line_items_combined: "TikTok has put these line items into a package with others.",
  shop_not_connected: "The order's shop is not connected any more.",
  permission_missing: "The shop does not allow us to ship. Connect it again, and agree to all.",
  // What was asked for.
  rate_not_found: "There is no such rate for this order.",
  rate_expired: "The rate is older than an hour. Ask for rates again.",
  rate_of_another_parcel: "The rate was given for a parcel of other measures.",
  rate_of_another_provider: "The rate is another provider's.",
  sender_required: 'Say where the parcel comes from: "from". It is kept for the shop.',
  service_unavailable: "The service is not offered for this parcel.",
  label_format_unavailable: "TikTok draws its labels as PDF or PNG, and as ZPL in Brazil only.",
  carrier_refused: "The carrier refuses the parcel or one of its addresses.",
  // Voids.
  not_purchased: "There is no bought label.",
  label_gone: "TikTok shows a label until the parcel is picked up.",
  label_voided: "The label was voided.",
  already_underway: "The parcel is under way: its label cannot be voided.",
  void_in_seller_center:
    "TikTok's labels are cancelled in Seller Center. Call this again when that is done.",
  void_refused: "The carrier refuses to void the label.",
} as const;

const OTHERS = {
  funds_missing: [402, "The carrier account has not enough funds. Nothing was bought."],
  idempotency_key_reused: [409, "This Idempotency-Key was used for another request."],
  purchase_in_progress: [409, "This very request is being worked. Ask again in a moment."],
  price_changed: [409, "The label costs more now than it did. Ask for rates again."],
  label_unavailable: [502, "The label could not be read just now. Please try again."],
  carrier_unavailable: [502, "The carrier did not answer as it should. Nothing was bought."],
  tiktok_unavailable: [502, "TikTok did not answer as it should. Nothing was bought."],
  carrier_busy: [503, "The carrier is busy. Nothing was bought; please try again."],
  label_not_ready: [503, "The label was bought and is still being drawn. Please try again."],
  void_pending: [
    503,
    "The carrier did not answer. It is asked again by itself, and when you call this again.",
  ],
  outcome_unknown: [
    504,
    "Nobody can say yet whether the label was bought. It is looked up at the carrier, and never " +
    "bought twice: ask again with the same Idempotency-Key, or look at the shipment.",
  ],
} as const satisfies Record<string, readonly [status: number, detail: string]>;

/** What the caller is asked to wait. */
const RETRY_AFTER_SECONDS: Partial<Record<string, number>> = {
  purchase_in_progress: 5,
  carrier_busy: 10,
  label_not_ready: 30,
  void_pending: 30,
  outcome_unknown: 120,
};

export type LabelFailure = keyof typeof REFUSALS | keyof typeof OTHERS;

function isFailure(code: string): code is LabelFailure {
  return Object.hasOwn(REFUSALS, code) || Object.hasOwn(OTHERS, code);
}

export class LabelError extends Error {
  override name = "LabelError";
  readonly code: LabelFailure;
  /** `no`: it is certain that nothing was bought by the call. */
  readonly bought: "no" | "unknown";
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: LabelFailure,
    { bought = "no", retryAfterSeconds, cause }: {
      bought?: "no" | "unknown";
      retryAfterSeconds?: number | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(cause instanceof Error ? `${code}: ${cause.message}` : code, { cause });
    this.code = code;
    this.bought = bought;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What the seller is told. A code that SQL knows and this file does not is a bug. */
export function labelProblem(
  code: string,
  { cause, retryAfterSeconds, shipmentId }: {
    cause?: unknown;
    retryAfterSeconds?: number | undefined;
    /** Where the caller can look how it goes on. */
    shipmentId?: string;
  } = {},
): Problem {
  if (!isFailure(code)) throw new Error(`There is no label failure ${code}`, { cause });
  const [status, detail] = Object.hasOwn(OTHERS, code)
    ? OTHERS[code as keyof typeof OTHERS]
    : [422, REFUSALS[code as keyof typeof REFUSALS]];
  const members: Record<string, string> = shipmentId === undefined
    ? {}
    : { shipment_id: shipmentId };
  const wait = retryAfterSeconds ?? RETRY_AFTER_SECONDS[code];
  const headers: Record<string, string> = wait === undefined ? {} : { "retry-after": String(wait) };
  return new Problem({ status, code, detail, headers, members }, { cause });
}
