/** What a connected shop used of the plan's limits in another account, as sentences. */
import { countOf } from "./format.ts";

interface LabelUse {
  labels: number;
  shop_labels: number;
  shop_limit_reached: boolean;
}

interface ShopUse {
  used: number;
  limit: number;
  shops: { used: number }[];
  labels: { today: LabelUse; month: LabelUse };
}

/** `10 orders` */
function describeOthers(orders: number, labels: number): string {
  return [orders > 0 && countOf(orders, "order"), labels > 0 && countOf(labels, "label")]
    .filter(Boolean).join(" and ");
}

/** One sentence for each fact that the seller's own figures do not explain; empty in most cases. */
export function describeShopUse(
  { used, limit, shops, labels: { today, month } }: ShopUse,
): string[] {
  const most = Math.max(0, ...shops.map((shop) => shop.used));
  const others = describeOthers(most - used, month.shop_labels - month.labels);
  if (others === "") return [];
  const shop = shops.length === 1 ? "This shop" : "One of your shops";
  const reached = [
    most >= limit && "new orders",
    month.shop_limit_reached && "labels",
    today.shop_limit_reached && !month.shop_limit_reached && "labels of today",
  ].filter(Boolean);
  const use = `${shop} has already used ${others} this month in another account. ` +
    "The limits hold for the shop too.";
  if (reached.length === 0) return [use];
  return [use, `Its limit is reached for ${reached.join(" and ")}.`];
}
