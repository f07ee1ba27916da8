/** @jsxImportSource hono/jsx/dom */
/** One order: what was bought, where it goes, its parcels, and what happened. */
import { Badge } from "../../components/badge.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/empty_state.tsx";
import { Icon } from "../../components/icon.tsx";
import { ErrorNotice, Notice } from "../../components/notice.tsx";
import { PageHead } from "../../components/page_head.tsx";
import { Several } from "../../components/several.tsx";
import { hasSender } from "../../data/labels.ts";
import { getOrder, listShipments, type Order } from "../../data/order.ts";
import { describeRegion, formatCode, formatMoney, formatTime } from "../../format.ts";
import type { PageProps } from "../../route.ts";
import { ORDER_TONES } from "../../states.ts";
import { useQuery } from "../../use_query.ts";
import { BuyLabel } from "./order/buy_label.tsx";
import { Items } from "./order/items.tsx";
import { Shipments } from "./order/shipments.tsx";
import { Timeline } from "./order/timeline.tsx";

function Delivery({ order }: { order: Order }) {
  const { shipping_address: address, address_status: status } = order;
  const lines = [
    address.name,
    address.line1,
    address.line2,
    [address.city, address.state, address.postal_code].filter(Boolean).join(", "),
    address.country ? describeRegion(address.country) : null,
    address.phone,
  ].filter(Boolean);
  return (
    <Card title="Deliver to">
      {lines.length === 0
        ? <p class="muted">TikTok has not sent an address yet.</p>
        : <address>{lines.map((line) => <div key={line ?? ""}>{line}</div>)}</address>}
      {status === "masked" && <p class="small muted">TikTok hides this address.</p>}
    </Card>
  );
}

function Facts({ order }: { order: Order }) {
  const facts: [string, string][] = [
    ["Shop", order.tiktok_shops.shop_name ?? "–"],
    ["Country", describeRegion(order.tiktok_shops.region)],
    ["Payment", formatCode(order.payment_status)],
    ["Total", formatMoney(order.total_amount, order.currency)],
    ["Shipping", formatMoney(order.shipping_cost, order.currency)],
    ["Ordered", formatTime(order.tiktok_created_at)],
    ["Arrived", formatTime(order.created_at)],
    ["Ship by", formatTime(order.ship_by)],
  ];
  return (
    <Card title="Details">
      <dl class="facts">
        {facts.map(([name, value]) => (
          <Several key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Several>
        ))}
      </dl>
      {order.buyer_note && <p>“{order.buyer_note}”</p>}
    </Card>
  );
}

function Advice({ order }: { order: Order }) {
  if (order.cancel_requested_at) {
    return (
      <Notice tone="bad">
        The buyer wants to cancel. Answer in Seller Center before{" "}
        {formatTime(order.cancel_respond_by)}.
      </Notice>
    );
  }
  if (order.order_status === "cancelled") {
    return (
      <Notice tone="warn">
        The order is cancelled{order.cancel_reason && `: ${order.cancel_reason}`}.
      </Notice>
    );
  }
  return null;
}

function Found({ order }: { order: Order }) {
  const { data: shipments, error, reload } = useQuery(
    `shipments:${order.id}`,
    () => listShipments(order.id),
  );
  const { data: isSenderKnown, error: senderError } = useQuery(
    `sender:${order.id}`,
    () => hasSender(order),
  );
  const failure = error ?? senderError;
  // Together: nothing moves down when the last answer arrives.
  const isReady = failure || (shipments && isSenderKnown !== undefined);
  return (
    <Several>
      <PageHead
        title={<span class="number">{order.tiktok_order_id}</span>}
        about={order.order_kind === "sale" ? undefined : formatCode(order.order_kind)}
      >
        <Badge tone={ORDER_TONES[order.order_status] ?? "calm"}>
          {formatCode(order.order_status)}
        </Badge>
      </PageHead>
      <Advice order={order} />
      <ErrorNotice error={failure} />
      {isReady
        ? (
          <div class="grid aside">
            <div class="grid">
              <Items order={order} />
              <Shipments shipments={shipments} onChange={reload} />
              <BuyLabel order={order} isSenderKnown={isSenderKnown === true} onBought={reload} />
            </div>
            <div class="grid">
              <Delivery order={order} />
              <Facts order={order} />
              <Timeline events={order.order_events} currency={order.currency} />
            </div>
          </div>
        )
        : <p class="loading" role="status">Loading…</p>}
    </Several>
  );
}

export function OrderPage({ params }: PageProps) {
  const id = params.id ?? "";
  const { data: order, error } = useQuery(`order:${id}`, () => getOrder(id));
  return (
    <Several>
      <a class="row small" href="/seller/orders">
        <Icon name="back" />All orders
      </a>
      <ErrorNotice error={error} />
      {order ? <Found order={order} /> : (
        <Several>
          <h1 class="visually-hidden">Order</h1>
          {order === null
            ? <EmptyState icon="orders" title="You have no such order" level={2} />
            : !error && <p class="loading" role="status">Loading…</p>}
        </Several>
      )}
    </Several>
  );
}
