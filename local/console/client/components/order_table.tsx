/** @jsxImportSource hono/jsx/dom */
/** Orders as rows, in the list and on the overview. */
import type { ListedOrder } from "../data/orders.ts";
import { countOf, formatAge, formatCode, formatMoney, formatTime } from "../format.ts";
import { ORDER_TONES } from "../states.ts";
import { Badge } from "./badge.tsx";
import { type Column, Table } from "./table.tsx";

/** Orders that came in after this page was opened stand out for a moment. */
const openedAt = Date.now();
const NEW_MS = 5000;

function isNew({ created_at }: ListedOrder): boolean {
  const time = Date.parse(created_at);
  return time > openedAt && Date.now() - time < NEW_MS;
}

function describeItems({ order_items: items }: ListedOrder): string {
  const units = items.reduce((sum, { quantity }) => sum + quantity, 0);
  const [first] = items;
  if (!first) return "–";
  // Every unit may be cancelled.
  return items.length === 1 && units <= 1
    ? first.product_name
    : `${first.product_name} · ${countOf(units, "unit")}`;
}

const TO_SHIP = ["awaiting_shipment", "partially_shipped"];

function ShipBy({ order: { order_status, ship_by } }: { order: ListedOrder }) {
  if (!ship_by || !TO_SHIP.includes(order_status)) return null;
  const isLate = Date.parse(ship_by) < Date.now();
  return <span class={isLate ? "sub late" : "sub"}>Ship by {formatTime(ship_by)}</span>;
}

function OrderState({ order }: { order: ListedOrder }) {
  return (
    <span class="row tight">
      <Badge tone={ORDER_TONES[order.order_status] ?? "calm"}>
        {formatCode(order.order_status)}
      </Badge>
      {order.cancel_requested_at && <Badge tone="bad">Cancel requested</Badge>}
    </span>
  );
}

/** On a phone the state stands below the order, so that nothing is cut. */
function OrderName({ order }: { order: ListedOrder }) {
  return (
    <span>
      <a href={`/seller/orders/${order.id}`} class="number">{order.tiktok_order_id}</a>
      <span class="sub">
        {order.buyer ?? "No address yet"}
        <span class="phone-only">{` · ${formatAge(order.created_at)}`}</span>
      </span>
      <span class="phone-only below">
        <OrderState order={order} />
        <ShipBy order={order} />
      </span>
    </span>
  );
}

const COLUMNS: Column<ListedOrder>[] = [
  { head: "Order", cell: (order) => <OrderName order={order} /> },
  { head: "Items", cell: describeItems, isWideOnly: true },
  {
    head: "State",
    cell: (order) => (
      <span>
        <OrderState order={order} />
        <ShipBy order={order} />
      </span>
    ),
    isWideOnly: true,
  },
  {
    head: "Shop",
    cell: ({ tiktok_shops: { shop_name: name } }) => (
      <span class="shop-name" title={name ?? undefined}>{name ?? "–"}</span>
    ),
    isWideOnly: true,
  },
  {
    head: "Total",
    cell: (order) => formatMoney(order.total_amount, order.currency),
    isNumber: true,
  },
  {
    head: "Arrived",
    cell: ({ created_at }) => (
      <time dateTime={created_at} class="muted nowrap">{formatAge(created_at)}</time>
    ),
    isNumber: true,
    isWideOnly: true,
  },
];

export function OrderTable({ caption, orders }: { caption: string; orders: ListedOrder[] }) {
  return (
    <Table
      caption={caption}
      columns={COLUMNS}
      rows={orders}
      keyOf={({ id }) => id}
      isNew={isNew}
    />
  );
}
