/** Packages of an order: their states, the fields that the order shows, and the order's status. */
import { randomDigits } from "./ids.ts";
import type {
  PackageStatus,
  ShippingType,
  SimulatedOrder,
  SimulatedPackage,
  SimulatedShop,
} from "./state.ts";

export type LineItem = Record<string, unknown> & { id: string };

export function linesOf(order: SimulatedOrder): LineItem[] {
  return (order.detail.line_items ?? []) as LineItem[];
}

/**
 * A unit that was cancelled while its order goes on. A unit in a cancelled package looks cancelled too, but
 * has no `cancel_user`.
 */
export function isCancelled(line: LineItem): boolean {
  return line.display_status === "CANCELLED" && line.package_id === undefined ||
    Boolean(line.cancel_user);
}

export function liveLinesOf(order: SimulatedOrder): LineItem[] {
  return linesOf(order).filter((line) => !isCancelled(line));
}

/** The ids of all orders in a package. */
export function ordersIn({ orderId, orderIds = [orderId] }: SimulatedPackage): string[] {
  return orderIds;
}

/** Units that are cancelled before the shipment leave their package. */
export function withoutCancelledUnits(
  found: SimulatedPackage,
  order: SimulatedOrder,
): SimulatedPackage {
  if (found.status !== "TO_FULFILL") return found;
  const cancelled = linesOf(order).filter(isCancelled).map(({ id }) => id);
  return { ...found, lineItemIds: found.lineItemIds.filter((id) => !cancelled.includes(id)) };
}

export function shippingTypeOf(order: SimulatedOrder): ShippingType {
  return order.detail.shipping_type === "TIKTOK" ? "TIKTOK" : "SELLER";
}

/** US and UK local sellers' orders get a package with the shipment, other orders with the payment. */
export function hasPackageFromPayment(shop: SimulatedShop): boolean {
  return shop.region !== "US" && !(shop.region === "GB" && shop.sellerType === "LOCAL");
}

/** A package of these lines that is not shipped yet. @param orders One, or the combined ones. */
export function makePackage(
  orders: readonly [SimulatedOrder, ...SimulatedOrder[]],
  lineItemIds: string[],
  nowSeconds: number,
): SimulatedPackage {
  const [order] = orders;
  return {
    id: `1152${randomDigits(15)}`,
    orderId: order.id,
    ...(orders.length > 1 && { orderIds: orders.map(({ id }) => id) }),
    shopId: order.shopId,
    shippingType: shippingTypeOf(order),
    lineItemIds,
    status: "TO_FULFILL",
    createTime: nowSeconds,
    updateTime: nowSeconds,
    labelDelay: 0,
  };
}

/** CANCELLED is final. */
export function movePackage(
  found: SimulatedPackage,
  status: PackageStatus,
  nowSeconds: number,
): SimulatedPackage {
  if (found.status === status || found.status === "CANCELLED") return found;
  return {
    ...found,
    ...(status !== "CANCELLED" && { shippedTime: found.shippedTime ?? nowSeconds }),
    status,
    updateTime: nowSeconds,
  };
}

/** Order status by the status of its slowest package. */
const ORDER_STATUS = {
  PROCESSING: "AWAITING_COLLECTION",
  FULFILLING: "IN_TRANSIT",
  COMPLETED: "DELIVERED",
} as const;

const PROGRESS = ["PROCESSING", "FULFILLING", "COMPLETED"] as const;

/** Package status by order status; other order statuses leave the packages unchanged. */
export const PACKAGE_STATUS: Record<string, PackageStatus> = {
  AWAITING_COLLECTION: "PROCESSING",
  IN_TRANSIT: "FULFILLING",
  DELIVERED: "COMPLETED",
  COMPLETED: "COMPLETED",
  CANCELLED: "CANCELLED",
};

function packageWith(packages: SimulatedPackage[], line: LineItem): SimulatedPackage | undefined {
  return packages.find(({ lineItemIds }) => lineItemIds.includes(line.id));
}

/** Lines of cancelled packages do not count; without other lines the order is cancelled. */
export function orderStatus(lines: LineItem[], packages: SimulatedPackage[]): string {
  const statuses = lines.filter((line) => !isCancelled(line)).map((line) =>
    packageWith(packages, line)?.status ?? "TO_FULFILL"
  )
    .filter((status) => status !== "CANCELLED");
  if (statuses.length === 0) return "CANCELLED";
  const waiting = statuses.filter((status) => status === "TO_FULFILL").length;
  if (waiting === statuses.length) return "AWAITING_SHIPMENT";
  if (waiting > 0) return "PARTIALLY_SHIPPING";
  return ORDER_STATUS[PROGRESS.find((status) => statuses.includes(status)) ?? "COMPLETED"];
}

function displayStatus({ status }: SimulatedPackage): string {
  if (status === "TO_FULFILL") return "AWAITING_SHIPMENT";
  return status === "CANCELLED" ? status : ORDER_STATUS[status];
}

function withPackage(line: LineItem, found: SimulatedPackage | undefined): LineItem {
  if (found === undefined || isCancelled(line)) return line;
  const { trackingNumber, providerId, providerName, shippedTime } = found;
  return {
    ...line,
    display_status: displayStatus(found),
    package_id: found.id,
    package_status: found.status,
    ...(trackingNumber !== undefined && { tracking_number: trackingNumber }),
    ...(providerId !== undefined && {
      shipping_provider_id: providerId,
      shipping_provider_name: providerName,
    }),
    ...(shippedTime !== undefined && { rts_time: shippedTime }),
  };
}

/** Fields of an order's detail that follow from its packages. */
export function packageFields(order: SimulatedOrder, packages: SimulatedPackage[]) {
  const [only] = packages;
  const whole = packages.length === 1 &&
      liveLinesOf(order).every(({ id }) => only?.lineItemIds.includes(id))
    ? only
    : undefined;
  const isCombined = packages.some((found) => ordersIn(found).length > 1);
  return {
    packages: packages.map(({ id }) => ({ id })),
    line_items: linesOf(order).map((line) => withPackage(line, packageWith(packages, line))),
    ...(packages.length > 1 && { split_or_combine_tag: "SPLIT" }),
    ...(isCombined && { split_or_combine_tag: "COMBINED" }),
    ...(whole?.trackingNumber !== undefined && {
      tracking_number: whole.trackingNumber,
      shipping_provider: whole.providerName,
      shipping_provider_id: whole.providerId,
    }),
  };
}
