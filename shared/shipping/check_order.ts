/** Whether TikTok still lets an order be shipped: our copy of it may be seconds behind. */
import { ShopConnection } from "../tiktok/connections/shop_connection.ts";
import { isRateLimited, TikTokError } from "../tiktok/api/errors.ts";
import type { LineItem, Order } from "../tiktok/api/schemas.ts";
import { isCancelled } from "../tiktok/orders/map_order_items.ts";
import { LabelError, type LabelFailure } from "./errors.ts";
import type { LabelDependencies } from "./dependencies.ts";
import type { Purchase } from "./schemas.ts";

const REFUSED: ReadonlyMap<string, LabelFailure> = new Map(Object.entries({
  UNPAID: "order_unpaid",
  ON_HOLD: "order_on_hold",
  CANCELLED: "order_cancelled",
  DELIVERED: "already_shipped",
  COMPLETED: "already_shipped",
}));

/** Whether the order was shipped elsewhere, e.g. in Seller Center; our own labels that were voided do not count. */
function isShippedElsewhere(
  { status, line_items }: Order,
  { order: { tracking_numbers: ours }, line_item_ids }: Purchase,
): boolean {
  if (ours.length === 0 && ["AWAITING_COLLECTION", "IN_TRANSIT"].includes(status)) return true;
  return (line_items ?? []).some(({ id, package_status, tracking_number }) =>
    line_item_ids.includes(id) && package_status !== "CANCELLED" &&
    Boolean(tracking_number) && !ours.includes(tracking_number as string)
  );
}

/** One call, which saves the money for labels of cancelled and shipped orders. @throws {LabelError} */
export async function checkOrderAtTikTok(
  dependencies: LabelDependencies,
  purchase: Purchase,
): Promise<void> {
  const { order, provider, attempt } = purchase;
  if (order.shop === null) throw new LabelError("shop_not_connected");
  const id = order.tiktok_order_id;
  const { orders } = await new ShopConnection(dependencies, order.shop)
    .call((access) => dependencies.tiktok.getOrders(access, [id]))
    .catch((error) => {
      if (!(error instanceof TikTokError)) throw error;
      if (isRateLimited(error)) {
        const { retryAfterSeconds } = error;
        throw new LabelError("carrier_busy", { retryAfterSeconds, cause: error });
      }
      throw new LabelError("tiktok_unavailable", { cause: error });
    });
  const found = orders.get(id);
  if (found === undefined) throw new LabelError("tiktok_unavailable");
  if (found.fulfillment_type && found.fulfillment_type !== "FULFILLMENT_BY_SELLER") {
    throw new LabelError("fulfilled_by_tiktok");
  }
  const refused = REFUSED.get(found.status);
  if (refused !== undefined) throw new LabelError(refused);
  const isWanted = ({ id }: LineItem) => purchase.line_item_ids.includes(id);
  if ((found.line_items ?? []).some((line) => isWanted(line) && isCancelled(line))) {
    throw new LabelError("unit_cancelled");
  }
  // A label that TikTok sold to an earlier attempt, and showed too late, is adopted by buying it again.
  const mayBeOurs = provider === "tiktok_shipping" && attempt > 1;
  if (!mayBeOurs && isShippedElsewhere(found, purchase)) throw new LabelError("already_shipped");
  // Shipping would refuse the buyer's request without a decision of the seller.
  if (found.is_buyer_request_cancel === true) throw new LabelError("cancellation_requested");
  if (
    found.shipping_type && (found.shipping_type === "TIKTOK") !== (provider === "tiktok_shipping")
  ) {
    throw new LabelError("order_changed");
  }
}
