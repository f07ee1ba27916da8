/** Why a label could not be bought, read or voided: codes, listed with their sentences in docs/labels.md. */
import * as z from "zod/mini";
import { isNotFound } from "../database/errors.ts";
import { LoggableError } from "../loggable_error.ts";

/** Whether the same request may succeed a moment later. */
const TRANSIENT = {
  // The row does not exist, or belongs to another seller.
  order_not_found: false,
  shipment_not_found: false,
  batch_not_found: false,
  // The order.
  order_cancelled: false,
  order_refunded: false,
  order_unpaid: false,
  order_on_hold: false,
  cancellation_requested: false,
  already_shipped: false,
  shipping_type_unknown: false,
  tiktok_label_required: false,
  tiktok_label_unavailable: false,
  address_masked: false,
  address_missing: false,
  order_changed: false,
  fulfilled_by_tiktok: false,
  unit_cancelled: false,
  no_unit_left: false,
  line_items_unknown: false,
  line_items_labelled: false,
  line_items_combined: false,
  line_items_split: false,
  order_combined: false,
  orders_not_combined: false,
  shop_not_connected: false,
  shop_paused: false,
  permission_missing: false,
  // An own tracking number.
  carrier_unknown: false,
  tracking_number_invalid: false,
  tracking_number_unknown: false,
  tracking_number_of_other_carrier: false,
  tracking_number_used: false,
  tracking_not_own: false,
  tracking_withdrawn: false,
  tracking_final: false,
  tracking_in_progress: true,
  // The request.
  rate_not_found: false,
  rate_expired: false,
  rate_of_another_parcel: false,
  rate_of_another_provider: false,
  sender_required: false,
  service_unavailable: false,
  label_format_unavailable: false,
  idempotency_key_reused: false,
  price_changed: false,
  purchase_in_progress: true,
  // The plan.
  label_limit: false,
  // The carrier.
  carrier_refused: false,
  carrier_not_accepted: false,
  no_carrier_accepted: false,
  funds_missing: false,
  carrier_unavailable: true,
  carrier_busy: true,
  tiktok_unavailable: true,
  // Another attempt buys nothing: the purchase is looked up at the carrier first.
  outcome_unknown: false,
  // The label itself.
  not_purchased: false,
  label_gone: false,
  label_voided: false,
  label_not_ready: true,
  label_unavailable: true,
  // Voids.
  already_underway: false,
  void_in_seller_center: false,
  void_refused: false,
  void_pending: true,
} as const satisfies Record<string, boolean>;

export type LabelFailure = keyof typeof TRANSIENT;
export const LabelFailure = z.enum(Object.keys(TRANSIENT) as [LabelFailure, ...LabelFailure[]]);

export interface LabelErrorOptions {
  /** @default {"no"} */
  bought?: "no" | "unknown";
  /** Wait that the carrier or TikTok requires. */
  retryAfterSeconds?: number | undefined;
  /** The orders that TikTok combined with the requested one. */
  orderIds?: string[] | undefined;
  /** Set if some of them are not stored: the known TikTok ids of these. */
  unstoredIds?: string[] | undefined;
  /** The shipment whose state shows how the purchase continues. */
  shipmentId?: string;
  cause?: unknown;
}

/** The orders that a refusal of SQL names. */
export const NamedOrders = z.object({
  /** The orders that TikTok combined with the requested one. */
  order_ids: z.nullish(z.array(z.uuid())),
  /** Set if some of them are not stored: the known TikTok ids of these. */
  tiktok_order_ids: z.nullish(z.array(z.string())),
});

/** The error for a refusal of SQL. */
export function refusedWith(
  code: LabelFailure,
  { order_ids, tiktok_order_ids }: z.infer<typeof NamedOrders>,
): LabelError {
  return new LabelError(code, {
    orderIds: order_ids ?? undefined,
    unstoredIds: tiktok_order_ids ?? undefined,
  });
}

export class LabelError extends LoggableError {
  override name = "LabelError";
  readonly code: LabelFailure;
  /** `no`: it is certain that the call bought nothing. */
  readonly bought: "no" | "unknown";
  readonly retryAfterSeconds: number | undefined;
  readonly shipmentId: string | undefined;
  readonly orderIds: string[] | undefined;
  readonly unstoredIds: string[] | undefined;

  constructor(
    code: LabelFailure,
    { bought = "no", retryAfterSeconds, shipmentId, orderIds, unstoredIds, cause }:
      LabelErrorOptions = {},
  ) {
    super(cause instanceof LoggableError ? `${code}: ${cause.message}` : code, { cause });
    this.code = code;
    this.bought = bought;
    this.retryAfterSeconds = retryAfterSeconds;
    this.shipmentId = shipmentId;
    this.orderIds = orderIds;
    this.unstoredIds = unstoredIds;
  }
}

/** Whether the same request may succeed a moment later: the carrier, TikTok or another worker was busy. */
export function isTransient({ code }: LabelError): boolean {
  return TRANSIENT[code];
}

/** Handles a rejected call of SQL: a row that was not found becomes a `LabelError`. */
export function notFoundAs(
  code: "order_not_found" | "shipment_not_found" | "batch_not_found",
): (error: unknown) => never {
  return (error) => {
    throw isNotFound(error) ? new LabelError(code, { cause: error }) : error;
  };
}
