/** Maps errors of TikTok's Fulfillment API to label errors. */
import { isRateLimited, isRefusal, TikTokError } from "../../../tiktok/api/errors.ts";
import { ConnectionWaitsError } from "../../../tiktok/connections/shop_connection.ts";
import { LabelError, type LabelFailure } from "../../errors.ts";

/**
 * "Label already purchased", "already shipped", "processing": perhaps by the very call whose answer was lost.
 * Source: the lists of errors of Create Packages and Ship Package.
 */
const MAYBE_OURS = new Set([
  ...[21022025, 21008042, 21030005, 21030006],
  ...[21011006, 21011020, 21011027, 21011040, 21042056, 21008099, 11006021],
]);

const FAILURES: ReadonlyMap<number, LabelFailure> = new Map([
  [21011044, "order_on_hold"],
  [21011041, "order_cancelled"],
  // Get Order Detail: "the order does not belong to the current seller".
  [21008111, "order_not_found"],
  [21011029, "line_items_unknown"],
  // The buyer's request has to be answered first.
  [21011007, "cancellation_requested"],
  [21008044, "cancellation_requested"],
  [21004008, "service_unavailable"],
  [11003011, "service_unavailable"],
  [21008025, "fulfilled_by_tiktok"],
  [21008043, "fulfilled_by_tiktok"],
  [21011033, "order_combined"],
  [21011046, "order_combined"],
  [105005, "permission_missing"],
  [10006402, "permission_missing"],
  // Cancelled in Seller Center.
  [21023059, "label_voided"],
  // The parcel was picked up: TikTok no longer shows its label.
  [21042102, "label_gone"],
  [21023046, "label_gone"],
  // "Try again later".
  [21022026, "carrier_busy"],
  // The label is still being drawn, or its shipping is still being arranged.
  [11034037, "label_not_ready"],
  [11034023, "label_not_ready"],
  [11006010, "label_not_ready"],
  [21042104, "label_not_ready"],
  [21023035, "label_not_ready"],
]);

/** For calls that certainly bought nothing; errors of other kinds are returned unchanged. */
export function toLabelError(error: unknown): unknown {
  if (!(error instanceof TikTokError)) return error;
  if (error instanceof ConnectionWaitsError && error.whilePaused) {
    return new LabelError("shop_paused", { cause: error });
  }
  if (isRateLimited(error)) {
    const { retryAfterSeconds } = error;
    return new LabelError("carrier_busy", { retryAfterSeconds, cause: error });
  }
  const code = FAILURES.get(error.code) ??
    (isRefusal(error) ? "carrier_refused" : "tiktok_unavailable");
  return new LabelError(code, { cause: error });
}

/** For the call that buys: an error that is not a certain refusal leaves the outcome unknown. */
export function toPurchaseError(error: unknown): unknown {
  if (!(error instanceof TikTokError)) return error;
  const isCertain = isRateLimited(error) || error instanceof ConnectionWaitsError ||
    isRefusal(error) && !MAYBE_OURS.has(error.code);
  return isCertain
    ? toLabelError(error)
    : new LabelError("outcome_unknown", { bought: "unknown", cause: error });
}
