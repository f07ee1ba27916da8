/** Packages of TikTok that have one tracking number: a parcel holds all their units, or none. */
import type { LineItem, Order } from "../tiktok/api/schemas.ts";
import { isCancelled } from "../tiktok/orders/map_order_items.ts";

/** Where TikTok has Mark Package As Shipped; elsewhere Ship Package takes the tracking number. */
const MARKED = new Set(["US", "GB", "DE", "FR", "IT", "ES", "IE", "JP"]);

/** Whether the tracking number is for any units of an order, not for a whole package that TikTok made. */
export function hasMarkAsShipped(region: string | null | undefined): boolean {
  return MARKED.has(region ?? "US");
}

/**
 * Whether a number for the unit is one for its whole package. Mark Package As Shipped takes a part of a package,
 * until the package has a number: that of a label which was voided, or that the seller corrects.
 * @param isMarked See `hasMarkAsShipped`.
 */
export function isInWholePackage(line: LineItem, isMarked: boolean): boolean {
  return Boolean(line.package_id) && line.package_status !== "CANCELLED" && !isCancelled(line) &&
    (Boolean(line.tracking_number) || !isMarked);
}

/** Whether a number for these units would also become that of others, which TikTok ships in the same package. */
export function isPartOfPackage(
  { line_items }: Order,
  lineItemIds: readonly string[],
  isMarked: boolean,
): boolean {
  const live = (line_items ?? []).filter((line) => isInWholePackage(line, isMarked));
  const packages = new Set(
    live.filter(({ id }) => lineItemIds.includes(id)).map(({ package_id }) => package_id),
  );
  return live.some(({ id, package_id }) => !lineItemIds.includes(id) && packages.has(package_id));
}
