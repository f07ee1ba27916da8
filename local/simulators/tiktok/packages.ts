/** What an order shows of its packages, and what state they put it in. */
import type { PackageStatus, ShippingType, SimulatedPackage } from "./package_types.ts";
import type { SimulatedOrder, SimulatedShop } from "./state.ts";

export type LineItem = Record<string, unknown> & { id: string };

export function linesOf(order: SimulatedOrder): LineItem[] {
  return (order.detail.line_items ?? []) as LineItem[];
}

export function shippingTypeOf(order: SimulatedOrder): ShippingType {
  return order.detail.shipping_type === "TIKTOK" ? "TIKTOK" : "SELLER";
}

/** US and UK local sellers' orders have no package before they are shipped, others from payment on. */
export function hasPackageFromPayment(shop: SimulatedShop): boolean {
  return shop.region !== "US" && !(shop.region === "GB" && shop.sellerType === "LOCAL");
}

/** What a status of all the packages, or of the slowest of them, makes of their order. */
const ORDER_STATUS = {
  PROCESSING: "AWAITING_COLLECTION",
  FULFILLING: "IN_TRANSIT",
  COMPLETED: "DELIVERED",
} as const;

const PROGRESS = ["PROCESSING", "FULFILLING", "COMPLETED"] as const;

/** What a status of the order makes of its packages; others leave them as they are. */
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

/** A line whose package is lost or withdrawn no longer counts; an order is lost with its last one. */
export function orderStatus(lines: LineItem[], packages: SimulatedPackage[]): string {
  const statuses = lines.map((line) => packageWith(packages, line)?.status ?? "TO_FULFILL")
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

function lineWith(line: LineItem, found: SimulatedPackage | undefined): LineItem {
  if (found === undefined) return line;
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

/** The fields of the order's detail that tell of its packages. */
export function packageFields(order: SimulatedOrder, packages: SimulatedPackage[]) {
  const [only] = packages;
  const isWhole = packages.length === 1 && only?.lineItemIds.length === linesOf(order).length;
  return {
    packages: packages.map(({ id }) => ({ id })),
    line_items: linesOf(order).map((line) => lineWith(line, packageWith(packages, line))),
    ...(packages.length > 1 && { split_or_combine_tag: "SPLIT" }),
    ...(isWhole && only.trackingNumber !== undefined && {
      tracking_number: only.trackingNumber,
      shipping_provider: only.providerName,
      shipping_provider_id: only.providerId,
    }),
  };
}
