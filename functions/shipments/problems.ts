/** The responses of `shipments` to errors. */
import { isNotFound } from "../../shared/database/errors.ts";
import type { Problem } from "../../shared/http/problem.ts";
import { type ProblemEntry, problemOf } from "../../shared/http/problem_table.ts";
import { accountDeleted } from "../../shared/http/users.ts";
import { LabelError, type LabelFailure } from "../../shared/shipping/errors.ts";
import type { LabelBatch } from "../../shared/shipping/label_batch.ts";
import { EasyPostError } from "../../shared/shipping/providers/easypost/easypost_error.ts";
import { TikTokError } from "../../shared/tiktok/api/errors.ts";
import type { BatchAnswer } from "./answers.ts";

/** By status; `detail` is the sentence that the seller sees. */
export const PROBLEMS: Readonly<Record<LabelFailure, ProblemEntry>> = {
  funds_missing: {
    status: 402,
    detail: "The carrier account has not enough funds. Nothing was bought.",
  },

  label_limit: {
    status: 402,
    detail:
      "Your plan has no room for this label: it limits how many labels you buy in a day and a month, " +
      "and their cost. Nothing was bought. get_usage shows the limits.",
  },

  order_not_found: { status: 404, detail: "You have no such order." },
  shipment_not_found: { status: 404, detail: "You have no such shipment." },
  batch_not_found: { status: 404, detail: "You have no such batch." },

  idempotency_key_reused: {
    status: 409,
    detail: "This Idempotency-Key was used for another request.",
  },
  purchase_in_progress: {
    status: 409,
    detail: "This request is still being processed. Repeat it in a moment.",
    retryAfterSeconds: 5,
  },
  tracking_in_progress: {
    status: 409,
    detail: "TikTok is being notified of the earlier tracking number. Repeat this in a moment.",
    retryAfterSeconds: 5,
  },
  price_changed: {
    status: 409,
    detail: "The label costs more now than the rate said. Request the rates again.",
  },

  order_cancelled: { status: 422, detail: "The order is cancelled." },
  order_refunded: { status: 422, detail: "The order was refunded." },
  order_unpaid: { status: 422, detail: "The order is not paid yet." },
  order_on_hold: {
    status: 422,
    detail: "TikTok holds the order for an hour, in which the buyer may cancel it.",
  },
  cancellation_requested: {
    status: 422,
    detail: "The buyer wants to cancel the order. Decide that at TikTok first.",
  },
  already_shipped: { status: 422, detail: "The order, or these line items, were shipped already." },
  shipping_type_unknown: { status: 422, detail: "TikTok does not say who ships the order." },
  tiktok_label_required: {
    status: 422,
    detail: "TikTok ships this order: only its own labels may be used.",
  },
  tiktok_label_unavailable: {
    status: 422,
    detail: "The seller ships this order: TikTok sells no label for it.",
  },
  address_masked: {
    status: 422,
    detail: "TikTok hides the buyer's address: another carrier cannot deliver there.",
  },
  address_missing: { status: 422, detail: "The order has no address yet." },
  order_changed: { status: 422, detail: "The order has just changed. Read it again." },
  fulfilled_by_tiktok: {
    status: 422,
    detail: "TikTok's warehouse ships this order: no label may be bought for it.",
  },
  unit_cancelled: { status: 422, detail: "One of the line items is cancelled." },
  no_unit_left: {
    status: 422,
    detail: "Every line item of the order is cancelled: nothing is left to ship.",
  },
  line_items_unknown: { status: 422, detail: "The order has no such line items." },
  line_items_labelled: {
    status: 422,
    detail: "One of the line items has a label already, or is getting one.",
  },
  line_items_combined: {
    status: 422,
    detail: "TikTok has put these line items into a package with others.",
  },
  line_items_split: {
    status: 422,
    detail: "TikTok ships these line items in several packages, each with a label of its own. " +
      "Name those of one package in line_item_ids.",
  },
  order_combined: {
    status: 422,
    detail: "TikTok ships this order in one parcel with others. " +
      "Request one label for all of them: name them in order_ids.",
  },
  orders_not_combined: {
    status: 422,
    detail: "TikTok has not combined these orders: each needs a label of its own.",
  },
  shop_not_connected: { status: 422, detail: "The order's shop is no longer connected." },
  shop_paused: {
    status: 422,
    detail: "TikTok has deactivated the order's shop. " +
      "Labels can be bought and voided when it is active again.",
  },
  permission_missing: {
    status: 422,
    detail: "The shop does not allow us to ship. Connect it again, and grant every permission.",
  },
  rate_not_found: { status: 422, detail: "The order has no such rate." },
  rate_expired: {
    status: 422,
    detail: "The rate is older than an hour. Request the rates again.",
  },
  rate_of_another_parcel: {
    status: 422,
    detail: "The rate was given for a parcel of other measures.",
  },
  rate_of_another_provider: { status: 422, detail: "The rate belongs to another provider." },
  sender_required: {
    status: 422,
    detail: 'Send the address that the parcel comes from: "from". It is kept for the shop.',
  },
  service_unavailable: { status: 422, detail: "The service is not offered for this parcel." },
  label_format_unavailable: {
    status: 422,
    detail: "TikTok draws its labels as PDF or PNG, and as ZPL in Brazil only.",
  },
  carrier_not_accepted: {
    status: 422,
    detail: "TikTok does not accept this carrier's label for the order. Choose another carrier.",
  },
  no_carrier_accepted: {
    status: 422,
    detail: "TikTok accepts the label of none of the carriers that offer to take this parcel.",
  },
  carrier_refused: {
    status: 422,
    detail: "The carrier refuses the parcel or one of its addresses.",
  },
  not_purchased: { status: 422, detail: "No label was bought." },
  label_gone: { status: 422, detail: "TikTok shows a label only until the parcel is picked up." },
  label_voided: { status: 422, detail: "The label was voided." },
  already_underway: {
    status: 422,
    detail: "The parcel is on its way: its label cannot be voided.",
  },
  void_in_seller_center: {
    status: 422,
    detail: "TikTok's labels are cancelled in Seller Center. Cancel the package there first, " +
      "then void the label again.",
  },
  carrier_unknown: {
    status: 422,
    detail: "TikTok lists no such carrier for the order. Choose one that it lists.",
  },
  tracking_number_invalid: {
    status: 422,
    detail: "TikTok does not accept this tracking number. Check the number and the carrier.",
  },
  tracking_number_unknown: {
    status: 422,
    detail: "TikTok knows no carrier with tracking numbers of this form.",
  },
  tracking_number_of_other_carrier: {
    status: 422,
    detail: "This is the tracking number of another carrier.",
  },
  tracking_number_used: {
    status: 422,
    detail: "Another parcel of the shop has this tracking number.",
  },
  tracking_not_own: {
    status: 422,
    detail: "The shipment has a label: only a tracking number from elsewhere can be corrected.",
  },
  tracking_withdrawn: {
    status: 422,
    detail: "TikTok refused this tracking number. Send another one for the order.",
  },
  tracking_final: {
    status: 422,
    detail: "TikTok no longer lets the tracking number be corrected: it does for 72 hours, " +
      "until the parcel is delivered, and in the United States once.",
  },
  void_refused: { status: 422, detail: "The carrier refuses to void the label." },

  label_unavailable: {
    status: 502,
    detail: "The label could not be read just now. Please try again.",
  },
  carrier_unavailable: {
    status: 502,
    detail: "The carrier did not answer as expected. Nothing was bought.",
  },
  tiktok_unavailable: {
    status: 502,
    detail: "TikTok did not answer as expected. Nothing was bought.",
  },
  carrier_busy: {
    status: 503,
    detail: "The carrier is busy. Nothing was bought; please try again.",
    retryAfterSeconds: 10,
  },
  label_not_ready: {
    status: 503,
    detail: "The label was bought and is still being drawn. Please try again.",
    retryAfterSeconds: 30,
  },
  void_pending: {
    status: 503,
    detail: "The carrier did not answer. The void is requested again automatically, " +
      "and when you repeat this call.",
    retryAfterSeconds: 30,
  },
  outcome_unknown: {
    status: 504,
    detail: "It is not known yet whether the label was bought. It is looked up at the carrier, " +
      "and never bought twice: repeat the request with the same Idempotency-Key, " +
      "or read the shipment.",
    retryAfterSeconds: 120,
  },
};

export function toProblem(error: unknown): Problem | undefined {
  if (error instanceof LabelError) return labelProblem(error);
  // The rows of a deleted account vanish during a call.
  if (isNotFound(error)) return accountDeleted(error);
  return undefined;
}

/** `order_combined` while some of the others are not stored. */
const COMBINED_UNSTORED =
  "TikTok ships this order in one parcel with others that are not stored here yet, " +
  "e.g. because your plan has no room for them. One label for all can be bought once they are.";

function detailOf(code: LabelFailure, unstoredIds: string[] | null | undefined): string {
  return code === "order_combined" && unstoredIds ? COMBINED_UNSTORED : PROBLEMS[code].detail;
}

/** What EasyPost or TikTok said of a refusal, for the seller who asked: it is neither logged nor stored. */
function wordsOf(cause: unknown): string {
  return cause instanceof EasyPostError || cause instanceof TikTokError ? cause.words : "";
}

function labelProblem(error: LabelError): Problem {
  const { code, cause, shipmentId, orderIds, unstoredIds } = error;
  const { status, retryAfterSeconds } = PROBLEMS[code];
  const detail = detailOf(code, unstoredIds);
  // The carrier's own wait counts more than ours.
  const wait = error.retryAfterSeconds ?? retryAfterSeconds;
  const headers: Record<string, string> = wait === undefined ? {} : { "retry-after": String(wait) };
  const words = status === 422 ? wordsOf(cause) : "";
  const members = {
    ...(words !== "" && { carrier_message: words }),
    ...(shipmentId !== undefined && { shipment_id: shipmentId }),
    ...(code === "order_combined" && orderIds !== undefined && { order_ids: orderIds }),
    ...(code === "order_combined" && unstoredIds !== undefined && {
      tiktok_order_ids: unstoredIds,
    }),
  };
  return problemOf(PROBLEMS, code, { detail, headers, members, cause });
}

/** A batch as its seller sees it: each item has the problem that `POST /` would have answered. */
export function describeBatch({ items, ...batch }: LabelBatch): BatchAnswer {
  return { ...batch, items: items.map(describeItem) };
}

function describeItem(
  { code, order_ids, tiktok_order_ids, ...item }: LabelBatch["items"][number],
): BatchAnswer["items"][number] {
  if (code === null) return { ...item, problem: null };
  const problem = {
    status: PROBLEMS[code].status,
    code,
    detail: detailOf(code, tiktok_order_ids),
    ...(order_ids && { order_ids }),
    ...(tiktok_order_ids && { tiktok_order_ids }),
  };
  return { ...item, problem };
}
