/** TikTok's packages of the units in a parcel, and the labels that they are. */
import type * as z from "zod/mini";
import type { CreatedPackage } from "../../../tiktok/api/fulfillment_schemas.ts";
import type { LineItem, Order } from "../../../tiktok/api/schemas.ts";
import { isCancelled } from "../../../tiktok/orders/map_order_items.ts";
import { exactCents } from "../../../values/money.ts";
import { LabelError } from "../../errors.ts";
import type { Purchase } from "../../schemas.ts";
import type { BoughtLabel, Choice } from "../provider.ts";

const DAY_MS = 24 * 3600 * 1000;

export interface OrderPackage {
  id: string;
  lines: LineItem[];
}

function linesOf(orders: Order[], lineItemIds: string[]): LineItem[] {
  return orders.flatMap(({ line_items }) => line_items ?? [])
    .filter(({ id }) => lineItemIds.includes(id));
}

/** "" stands for no package. A unit that was cancelled meanwhile may have left the package. */
function packageIdsOf(lines: LineItem[]): Set<string> {
  const inPackages = lines.filter((line) => line.package_id || !isCancelled(line));
  return new Set(inPackages.map((line) => line.package_id || ""));
}

/**
 * The package of exactly these units; `undefined` if they have none.
 * @throws {LabelError} if they are in several packages, or TikTok does not show them
 */
export function findPackage(orders: Order[], lineItemIds: string[]): OrderPackage | undefined {
  const lines = linesOf(orders, lineItemIds);
  // Units that TikTok does not show may have a package.
  if (lines.length === 0) throw new LabelError("order_changed");
  const ids = packageIdsOf(lines);
  const [id = ""] = ids;
  if (ids.size <= 1 && id === "") return undefined;
  if (ids.size > 1) throw new LabelError("already_shipped");
  return { id, lines };
}

/** For markets where the package exists before its label: whether its shipping was arranged. */
function isLineArranged({ tracking_number, package_status }: LineItem): boolean {
  return Boolean(tracking_number || package_status && package_status !== "TO_FULFILL");
}

export function isArranged(lines: LineItem[]): boolean {
  return lines.every(isLineArranged);
}

/** For the same markets: whether TikTok or the seller divided the units over packages that all wait for labels. */
export function isSplit(orders: Order[], lineItemIds: string[]): boolean {
  const lines = linesOf(orders, lineItemIds);
  return packageIdsOf(lines).size > 1 && !lines.some(isLineArranged);
}

/** A label as it is right after the purchase: TikTok draws it later. */
export function undrawnLabel(purchase: Purchase, packageId: string): BoughtLabel {
  return {
    carrier: "TikTok Shipping",
    service_type: purchase.service,
    shipping_cost: null,
    currency: null,
    estimated_delivery: null,
    tracking_number: null,
    label_url: null,
    label_expires_at: null,
    label_format: purchase.label_format,
    tiktok_package_id: packageId,
  };
}

/** The label of a package that was created with a paid service. */
export function toBoughtLabel(
  purchase: Purchase,
  choice: Choice,
  { package_id, shipping_service_info: service }: z.infer<typeof CreatedPackage>,
): BoughtLabel {
  const cost = exactCents(service?.price ?? "") ?? null;
  const days = service?.latest_delivery_days;
  return {
    ...undrawnLabel(purchase, package_id),
    carrier: service?.shipping_provider_name || "TikTok Shipping",
    service_type: service?.name || choice.service,
    shipping_cost: cost,
    currency: cost === null ? null : service?.currency || null,
    estimated_delivery: days
      ? new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10)
      : null,
  };
}
