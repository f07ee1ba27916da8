/** Groups TikTok's single units into products with quantities. */
import { addDecimals } from "../../values/money.ts";
import type { LineItem } from "../api/schemas.ts";

/** One entry of `orders.order_items`. Amounts are decimal strings in the order's currency. */
export interface OrderItem {
  sku_id: string | null;
  product_id: string | null;
  product_name: string | null;
  sku_name: string | null;
  seller_sku: string | null;
  image_url: string | null;
  quantity: number;
  /** Price of one unit; `null` if the units differ, as with a gift next to a bought one. */
  unit_price: string | null;
  /** Sum over the units; `null` if TikTok gave no price for one of them. */
  total_price: string | null;
  /** TikTok's id of each unit: packages and cancellations refer to these. */
  line_item_ids: string[];
}

/** Groups line items by SKU, in the order in which each SKU first appears. */
export function mapOrderItems(lineItems: readonly LineItem[]): OrderItem[] {
  // A unit without a SKU is a group of its own.
  const bySku = Map.groupBy(lineItems, (item) => item.sku_id ?? `line:${item.id}`);
  return [...bySku.values()].map((units) => {
    const [first] = units as [LineItem, ...LineItem[]];
    const prices = units.map((unit) => unit.sale_price).filter((price) =>
      typeof price === "string"
    );
    const complete = prices.length === units.length;
    return {
      sku_id: first.sku_id ?? null,
      product_id: first.product_id ?? null,
      product_name: first.product_name ?? null,
      sku_name: first.sku_name ?? null,
      seller_sku: first.seller_sku || null,
      image_url: first.sku_image || null,
      quantity: units.length,
      unit_price: complete && new Set(prices).size === 1 ? (prices[0] as string) : null,
      total_price: complete ? addDecimals(prices) : null,
      line_item_ids: units.map((unit) => unit.id),
    };
  });
}
