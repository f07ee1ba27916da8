/** Makes packages, and moves them from one state to the next. */
import { newPackageId } from "./ids.ts";
import { shippingTypeOf } from "./packages.ts";
import type { PackageStatus, SimulatedPackage } from "./package_types.ts";
import type { SimulatedOrder } from "./state.ts";

const EVENTS: Record<PackageStatus, string> = {
  TO_FULFILL: "Your order is being prepared.",
  PROCESSING: "Your package is ready and waits for the carrier.",
  FULFILLING: "Your package was handed over to the carrier.",
  COMPLETED: "Your package was delivered!",
  CANCELLED: "Your package was cancelled.",
};

/** A package of these lines that waits to be shipped. */
export function makePackage(
  order: SimulatedOrder,
  lineItemIds: string[],
  nowSeconds: number,
): SimulatedPackage {
  return {
    id: newPackageId(),
    orderId: order.id,
    shopId: order.shopId,
    shippingType: shippingTypeOf(order),
    lineItemIds,
    status: "TO_FULFILL",
    createTime: nowSeconds,
    updateTime: nowSeconds,
    labelDelay: 0,
    tracking: [],
  };
}

/** A cancelled package stays so. */
export function movePackage(
  found: SimulatedPackage,
  status: PackageStatus,
  nowMs: number,
): SimulatedPackage {
  if (found.status === status || found.status === "CANCELLED") return found;
  const seconds = Math.floor(nowMs / 1000);
  return {
    ...found,
    ...(status !== "CANCELLED" && { shippedTime: found.shippedTime ?? seconds }),
    status,
    updateTime: seconds,
    tracking: [...found.tracking, { description: EVENTS[status], update_time_millis: nowMs }],
  };
}
