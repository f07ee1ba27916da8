/** Whether TikTok still lets an order be shipped: our copy of it may be seconds behind. */
import { getOrders } from "../tiktok/api/orders.ts";
import { ShopConnection } from "../tiktok/connections/shop_connection.ts";
import type { LineItem, Order } from "../tiktok/api/schemas.ts";
import { mapAddress } from "../tiktok/orders/map_address.ts";
import { isCancelled } from "../tiktok/orders/map_order_items.ts";
import { toStorable } from "../values/storable_text.ts";
import { LabelError, type LabelFailure } from "./errors.ts";
import type { LabelDependencies } from "./dependencies.ts";
import { toLabelError } from "./providers/tiktok/errors.ts";
import type { OrderInParcel, OrderToShip, Purchase } from "./schemas.ts";
import type { ParcelProvider } from "./shipment.ts";
import { hasMarkAsShipped, isPartOfPackage } from "./whole_package.ts";

const REFUSED: ReadonlyMap<string, LabelFailure> = new Map(Object.entries({
  UNPAID: "order_unpaid",
  ON_HOLD: "order_on_hold",
  CANCELLED: "order_cancelled",
  DELIVERED: "already_shipped",
  COMPLETED: "already_shipped",
}));

/** Why a purchase fails when TikTok shows another order than the stored one, which is then read again. */
const FOUND_AT_TIKTOK: ReadonlySet<LabelFailure> = new Set<LabelFailure>([
  ...["order_cancelled", "order_unpaid", "order_on_hold", "already_shipped"] as const,
  ...["cancellation_requested", "fulfilled_by_tiktok", "unit_cancelled"] as const,
  ...["order_changed", "order_combined", "line_items_split"] as const,
]);

export function isFoundAtTikTok(error: unknown): boolean {
  return error instanceof LabelError && FOUND_AT_TIKTOK.has(error.code);
}

/** Whether the order was shipped elsewhere, e.g. in Seller Center; our own labels that were voided do not count. */
function isShippedElsewhere(
  { status, line_items }: Order,
  { tracking_numbers: ours, line_item_ids }: OrderInParcel,
): boolean {
  if (ours.length === 0 && ["AWAITING_COLLECTION", "IN_TRANSIT"].includes(status)) return true;
  return (line_items ?? []).some(({ id, package_status, tracking_number }) =>
    line_item_ids.includes(id) && package_status !== "CANCELLED" &&
    Boolean(tracking_number) && !ours.includes(tracking_number as string)
  );
}

/** @throws {LabelError} why TikTok does not let the order be shipped now */
export function checkOrder(
  found: Order,
  wanted: OrderInParcel,
  { provider, attempt, region }: {
    provider: ParcelProvider;
    attempt: number;
    /** The shop's region. */
    region: string | null | undefined;
  },
): void {
  if (found.fulfillment_type && found.fulfillment_type !== "FULFILLMENT_BY_SELLER") {
    throw new LabelError("fulfilled_by_tiktok");
  }
  const refused = REFUSED.get(found.status);
  if (refused !== undefined) throw new LabelError(refused);
  const isWanted = ({ id }: LineItem) => wanted.line_item_ids.includes(id);
  if ((found.line_items ?? []).some((line) => isWanted(line) && isCancelled(line))) {
    throw new LabelError("unit_cancelled");
  }
  // A label that TikTok sold to an earlier attempt, and showed too late, is adopted by buying it again.
  const mayBeOurs = provider === "tiktok_shipping" && attempt > 1;
  if (!mayBeOurs && isShippedElsewhere(found, wanted)) throw new LabelError("already_shipped");
  const isTikToks = provider === "tiktok_shipping";
  // Without TikTok's own labels: for those it depends on the package, which is read before the purchase.
  if (!isTikToks && isPartOfPackage(found, wanted.line_item_ids, hasMarkAsShipped(region))) {
    throw new LabelError("line_items_combined");
  }
  // Shipping would refuse the buyer's request without a decision of the seller.
  if (found.is_buyer_request_cancel === true) throw new LabelError("cancellation_requested");
  const isOther = found.shipping_type && (found.shipping_type === "TIKTOK") !== isTikToks;
  // TikTok combined or separated orders meanwhile: the next webhook says which.
  const isRegrouped = (found.auto_combine_group_id || null) !== wanted.combine_group_id;
  if (isOther || !mayBeOurs && isRegrouped) throw new LabelError("order_changed");
}

/** Parts of an address that are written on a label. */
const WRITTEN = ["name", "line1", "line2", "city", "state", "postal_code", "country"] as const;

/** Whether TikTok shows another readable address than the stored one, which the carrier would print. */
function isReaddressed(found: Order, { shipping_address: stored }: OrderToShip): boolean {
  const { status, address } = toStorable(mapAddress(found.recipient_address));
  return status === "readable" &&
    WRITTEN.some((part) => (address[part] ?? null) !== (stored[part] ?? null));
}

/** One call, which saves the money for labels of cancelled and shipped orders. @throws {LabelError} */
export async function checkOrdersAtTikTok(
  dependencies: LabelDependencies,
  purchase: Purchase,
): Promise<void> {
  const { order, orders } = purchase;
  if (order.shop === null) throw new LabelError("shop_not_connected");
  const ids = orders.map(({ tiktok_order_id }) => tiktok_order_id);
  const { orders: found } = await new ShopConnection(dependencies, order.shop)
    .call((access) => getOrders(dependencies.tiktok, access, ids))
    .catch((error) => {
      const failure = toLabelError(error);
      const isUnknown = failure instanceof LabelError && failure.code === "carrier_refused";
      // No carrier has seen the parcel yet.
      throw isUnknown ? new LabelError("tiktok_unavailable", { cause: error }) : failure;
    });
  for (const wanted of orders) {
    const detail = found.get(wanted.tiktok_order_id);
    if (detail === undefined) throw new LabelError("tiktok_unavailable");
    checkOrder(detail, wanted, { ...purchase, region: order.shop.region });
    // TikTok's own labels take the address from TikTok.
    const isPrinted = purchase.provider !== "tiktok_shipping" && wanted.id === order.id;
    if (isPrinted && isReaddressed(detail, order)) throw new LabelError("order_changed");
  }
}
