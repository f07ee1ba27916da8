/** What TikTok's refusals of an own tracking number mean for its seller. */
import { isRefusal, TikTokError } from "../tiktok/api/errors.ts";
import { ConnectionWaitsError } from "../tiktok/connections/shop_connection.ts";
import { LabelError, type LabelFailure } from "./errors.ts";

/** TikTok has several codes for one refusal: each call has its own list. */
const NUMBER_USED = [21011025, 21011026, 21034012];
const ALREADY_SHIPPED = [
  ...[21011006, 21011020, 21011027, 21011040, 21042056, 21008099, 11006021],
  // The seller bought TikTok's label in Seller Center.
  ...[21022025, 21008042],
];

/** A repetition would be refused too. */
const FINAL: ReadonlyMap<number, LabelFailure> = new Map([
  [21011022, "tracking_number_invalid"],
  [21004012, "tracking_number_invalid"],
  [11028006, "tracking_number_unknown"],
  [21004015, "tracking_number_of_other_carrier"],
  ...NUMBER_USED.map((code) => [code, "tracking_number_used"] as const),
  ...ALREADY_SHIPPED.map((code) => [code, "already_shipped"] as const),
  [21011041, "order_cancelled"],
  [21011042, "order_cancelled"],
  [21008025, "fulfilled_by_tiktok"],
  [21011004, "tiktok_label_required"],
  [21008117, "tiktok_label_required"],
  [21011033, "order_combined"],
  [21011046, "order_combined"],
  // Delivered; later than 72 hours; corrected too often.
  [21011030, "tracking_final"],
  [21011049, "tracking_final"],
  [21011050, "tracking_final"],
  [21011051, "tracking_final"],
  [21011052, "tracking_final"],
]);

/** TikTok may accept the number later. */
const TEMPORARY: ReadonlyMap<number, LabelFailure> = new Map([
  [21011044, "order_on_hold"],
  [21011007, "cancellation_requested"],
  [21008044, "cancellation_requested"],
  [105005, "permission_missing"],
]);

/** Of Get Order Detail: "the order does not belong to the current seller". */
const READ: ReadonlyMap<number, LabelFailure> = new Map([[21008111, "order_not_found"]]);

/** TikTok has the number for another package of the order: it cannot be withdrawn. */
export class PartlyNotifiedError extends TikTokError {
  override name = "PartlyNotifiedError";
  constructor(refusal: TikTokError) {
    super(refusal.message, refusal);
  }
}

/** Refusals that an earlier call of ours can cause, if its answer was lost. */
const MAYBE_OURS = new Set([...NUMBER_USED, ...ALREADY_SHIPPED]);

/** Argument of `settle_own_notification`. */
export interface OwnRefusal {
  error: string;
  /** Refused for good. */
  code?: LabelFailure;
  temporary_code?: LabelFailure;
}

/** @param claim Of the notification: before the second one, no TikTok answer can be lost. */
export function toOwnRefusal(error: unknown, claim: number): OwnRefusal {
  if (error instanceof LabelError) return { error: error.code, code: error.code };
  if (!(error instanceof TikTokError)) throw error;
  const text = error.summary;
  const final = FINAL.get(error.code);
  const mayBeOurs = claim > 1 && MAYBE_OURS.has(error.code);
  if (final !== undefined && !mayBeOurs && !(error instanceof PartlyNotifiedError)) {
    return { error: text, code: final };
  }
  const temporary = isPaused(error) ? "shop_paused" : TEMPORARY.get(error.code);
  return { error: text, ...(temporary && { temporary_code: temporary }) };
}

/** Whether TikTok has deactivated the shop. */
function isPaused(error: TikTokError): boolean {
  return error instanceof ConnectionWaitsError && error.whilePaused;
}

/** Whether TikTok keeps the number that it has: it was corrected before, 72 hours have passed, or it is delivered. */
export function isNumberFinal({ code }: TikTokError): boolean {
  return FINAL.get(code) === "tracking_final";
}

/** For calls that read, before anything is stored. @throws {unknown} errors of other kinds */
export function toReadError(error: unknown): LabelError {
  if (!(error instanceof TikTokError)) throw error;
  if (isPaused(error)) return new LabelError("shop_paused", { cause: error });
  if (!isRefusal(error)) throw error;
  const code = FINAL.get(error.code) ?? TEMPORARY.get(error.code) ?? READ.get(error.code);
  return new LabelError(code ?? "tiktok_unavailable", { cause: error });
}
