/** @jsxImportSource hono/jsx/dom */
/** What was bought. */
import { Badge } from "../../../components/badge.tsx";
import { Card } from "../../../components/card.tsx";
import type { Order } from "../../../data/order.ts";
import type { OrderItem } from "../../../data/orders.ts";
import { countOf, formatMoney } from "../../../format.ts";

function Item({ item, currency }: { item: OrderItem; currency: string }) {
  const cancelled = item.cancelled_line_item_ids.length;
  return (
    <div class="item">
      <strong>{item.product_name}</strong>
      <span class="number">{formatMoney(item.total_price, currency)}</span>
      <span class="muted small">
        {[item.sku_name, `${item.quantity} × ${formatMoney(item.unit_price, currency)}`]
          .filter(Boolean).join(" · ")}
      </span>
      <span class="row">
        {item.is_gift && <Badge tone="info">Gift</Badge>}
        {cancelled > 0 && <Badge tone="bad">{`${countOf(cancelled, "unit")} cancelled`}</Badge>}
      </span>
    </div>
  );
}

export function Items({ order }: { order: Order }) {
  return (
    <Card title="Items">
      <div>
        {order.order_items.map((item) => (
          <Item key={item.line_item_ids.join()} item={item} currency={order.currency} />
        ))}
      </div>
    </Card>
  );
}
