/** Packages of TikTok that have one tracking number: a parcel holds all their units, or none. */
import type { Order } from "../tiktok/api/schemas.ts";
import { isCancelled } from "../tiktok/orders/map_order_items.ts";

/** Where TikTok has Mark Package As Shipped; elsewhere Ship Package takes the tracking number. */
const MARKED = new Set(["US", "GB", "DE", "FR", "IT", "ES", "IE", "JP"]);

/** Whether the tracking number is for any units of an order, not for a whole package that TikTok made. */
export function hasMarkAsShipped(region: string | null | undefined): boolean {
  return MARKED.has(region ?? "US");
}

/**
 * Whether a number for these units would also become that of others, which TikTok ships in the same package. In the
 * markets above it takes a part of a package.
 */
export function isPartOfPackage(
  { line_items }: Order,
  lineItemIds: readonly string[],
  region: string | null | undefined,
): boolean {
  if (hasMarkAsShipped(region)) return false;
  const live = (line_items ?? []).filter((line) => line.package_id && !isCancelled(line));
  const packages = new Set(
    live.filter(({ id }) => lineItemIds.includes(id)).map(({ package_id }) => package_id),
  );
  return live.some(({ id, package_id }) => !lineItemIds.includes(id) && packages.has(package_id));
}
