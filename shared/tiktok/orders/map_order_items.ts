/** Groups TikTok's single units into products with quantities. */
import { addDecimals } from "../../values/money.ts";
import type { LineItem } from "../api/schemas.ts";

/** A SKU that a virtual bundle consists of. */
export interface BundleComponent {
  product_id: string | null;
  sku_id: string | null;
  seller_sku: string | null;
  /** Pieces in one unit of the bundle; `null` if TikTok does not say. */
  quantity: number | null;
}

/** One unit, cancelled or not. */
export interface OrderUnit {
  line_item_id: string;
  /** TikTok's `display_status`. */
  status: string | null;
  /** BUYER, SELLER, OPERATOR or SYSTEM; `null` while the unit is not cancelled. */
  cancelled_by: string | null;
  cancel_reason: string | null;
  package_id: string | null;
}

/** One entry of `orders.order_items`. Amounts are decimal strings in the order's currency. */
export interface OrderItem {
  sku_id: string | null;
  product_id: string | null;
  product_name: string | null;
  sku_name: string | null;
  seller_sku: string | null;
  image_url: string | null;
  is_gift: boolean;
  /** Retail price of one gift or sample, which TikTok states for the invoice. */
  gift_retail_price: string | null;
  /** Number of units that are not cancelled. */
  quantity: number;
  /** Price of one of them; `null` if they differ. */
  unit_price: string | null;
  /** Sum over them; `null` if TikTok gave no price for one of them. */
  total_price: string | null;
  /** TikTok's id of each unit that is not cancelled: packages refer to these. */
  line_item_ids: string[];
  cancelled_line_item_ids: string[];
  /** Parts of a virtual bundle; empty for other products. */
  components: BundleComponent[];
  units: OrderUnit[];
}

/** TikTok cancels single units in the United States and the United Kingdom while the order goes on. */
export function isCancelled(unit: Pick<LineItem, "display_status">): boolean {
  return unit.display_status === "CANCELLED" || unit.display_status === "CANCEL";
}

function toUnit(item: LineItem): OrderUnit {
  const cancelled = isCancelled(item);
  return {
    line_item_id: item.id,
    status: item.display_status ?? null,
    cancelled_by: cancelled ? item.cancel_user ?? null : null,
    cancel_reason: cancelled ? item.cancel_reason ?? null : null,
    package_id: item.package_id ?? null,
  };
}

function toComponents({ combined_listing_skus }: LineItem): BundleComponent[] {
  return (combined_listing_skus ?? []).map((sku) => ({
    product_id: sku.product_id ?? null,
    sku_id: sku.sku_id ?? null,
    seller_sku: sku.seller_sku ?? null,
    quantity: sku.sku_count ?? null,
  }));
}

/** Groups line items by SKU, gifts apart, in the order in which each group first appears. */
export function mapOrderItems(lineItems: readonly LineItem[]): OrderItem[] {
  // A unit without a SKU is a group of its own.
  const groups = Map.groupBy(
    lineItems,
    (item) => item.sku_id ? `sku:${item.sku_id} ${item.is_gift === true}` : `line:${item.id}`,
  );
  return [...groups.values()].map((units) => {
    const [first] = units as [LineItem, ...LineItem[]];
    const live = units.filter((unit) => !isCancelled(unit));
    const prices = live.flatMap((unit) => unit.sale_price ?? []);
    const complete = prices.length === live.length;
    return {
      sku_id: first.sku_id ?? null,
      product_id: first.product_id ?? null,
      product_name: first.product_name ?? null,
      sku_name: first.sku_name ?? null,
      seller_sku: first.seller_sku ?? null,
      image_url: first.sku_image ?? null,
      is_gift: first.is_gift === true,
      // TikTok writes "0" for what is not given away.
      gift_retail_price: Number(first.gift_retail_price ?? 0) === 0
        ? null
        : first.gift_retail_price ?? null,
      quantity: live.length,
      unit_price: complete && new Set(prices).size === 1 ? (prices[0] as string) : null,
      total_price: complete ? addDecimals(prices) : null,
      line_item_ids: live.map((unit) => unit.id),
      cancelled_line_item_ids: units.filter(isCancelled).map((unit) => unit.id),
      components: toComponents(first),
      units: units.map(toUnit),
    };
  });
}
