/** @jsxImportSource hono/jsx/dom */
/** Buyers: they order, alone or a hundred at once, cancel units and move. */
import { ActionButton } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Table } from "../../components/table.tsx";
import { changeWorld, listWorldOrders, searchOrders, type WorldOrder } from "../../data/world.ts";
import { countOf, formatCode, formatNumber } from "../../format.ts";
import { useQuery } from "../../use_query.ts";
import { addEffect, describeAnswers } from "./effects.tsx";

const READ_MS = 3000;
const BURST = 100;

interface Placed {
  order_id: string;
  answers: number[];
}

async function placeOrder(shop_id: string, sent: string, body: Record<string, unknown>) {
  const { order_id, answers } = await changeWorld<Placed>("orders", { shop_id, ...body });
  const orderId = order_id;
  addEffect({ sent: `${sent} ${orderId}`, answer: describeAnswers(answers), orderId });
}

async function placeBurst(shop_id: string, duplicates: number): Promise<void> {
  const { answers, order_ids } = await changeWorld<
    { order_ids: string[]; answers: Record<string, number> }
  >("orders/burst", { shop_id, count: BURST, duplicates });
  const twice = duplicates === 0 ? "" : `, ${formatNumber(duplicates)} webhooks twice`;
  addEffect({
    sent: `${countOf(order_ids.length, "order")} at once${twice}`,
    answer: describeAnswers(answers),
    link: { href: "/seller/orders", text: "See them arrive" },
  });
}

async function findLost(): Promise<void> {
  await searchOrders();
  addEffect({
    sent: "Search for orders whose webhook was lost",
    answer: "The product asks TikTok what changed; the clock does the same every 15 minutes.",
    link: { href: "/seller/orders", text: "Orders" },
  });
}

async function cancelUnit({ order_id, units }: WorldOrder): Promise<void> {
  const unit = units.find(({ status }) => status !== "CANCELLED");
  const { answers } = await changeWorld<Placed>(`orders/${order_id}/cancel-units`, {
    line_item_ids: [unit?.line_item_id],
  });
  addEffect({
    sent: `A unit of order ${order_id} was cancelled: ${unit?.product_name}`,
    answer: describeAnswers(answers),
    orderId: order_id,
  });
}

async function changeAddress({ order_id }: WorldOrder): Promise<void> {
  const { answers } = await changeWorld<Placed>(`orders/${order_id}/change-address`);
  addEffect({
    sent: `The buyer of order ${order_id} moved`,
    answer: describeAnswers(answers),
    orderId: order_id,
  });
}

function OrderActions({ order, onDone }: { order: WorldOrder; onDone: () => void }) {
  const live = order.units.filter(({ status }) => status !== "CANCELLED").length;
  const act = (work: (order: WorldOrder) => Promise<void>) => async () => {
    await work(order);
    onDone();
  };
  const isWaiting = order.status === "AWAITING_SHIPMENT";
  return (
    <div class="row">
      <ActionButton
        kind="plain"
        isSmall
        isDisabled={live < 2 || !isWaiting}
        onPress={act(cancelUnit)}
      >
        Cancel a unit<span class="visually-hidden">{` of ${order.order_id}`}</span>
      </ActionButton>
      <ActionButton kind="plain" isSmall isDisabled={!isWaiting} onPress={act(changeAddress)}>
        Change the address<span class="visually-hidden">{` of ${order.order_id}`}</span>
      </ActionButton>
    </div>
  );
}

export function Buyers({ shopId }: { shopId: string }) {
  const { data: orders, reload } = useQuery(
    `world-orders:${shopId}`,
    () => listWorldOrders(shopId),
    { everyMs: READ_MS },
  );
  const act = (work: () => Promise<void>) => async () => {
    await work();
    reload();
  };
  return (
    <Card title="Buyers">
      <div class="row">
        <ActionButton
          onPress={act(() => placeOrder(shopId, "An order", { quantity: 2 }))}
        >
          An order
        </ActionButton>
        <ActionButton
          kind="plain"
          onPress={act(() =>
            placeOrder(shopId, "An order with TikTok's shipping", { shipping_type: "TIKTOK" })
          )}
        >
          An order that TikTok ships
        </ActionButton>
        <ActionButton kind="plain" onPress={act(() => placeBurst(shopId, 0))}>
          {BURST} orders at once
        </ActionButton>
        <ActionButton kind="plain" onPress={act(() => placeBurst(shopId, BURST))}>
          {BURST} orders, each webhook twice
        </ActionButton>
        <ActionButton
          kind="plain"
          onPress={act(() => placeOrder(shopId, "One order, sent 3 times:", { deliveries: 3 }))}
        >
          The same webhook 3 times
        </ActionButton>
      </div>
      <div class="row">
        <ActionButton
          kind="plain"
          onPress={act(() => placeOrder(shopId, "An order without a webhook:", { deliveries: 0 }))}
        >
          An order whose webhook is lost
        </ActionButton>
        <ActionButton kind="plain" onPress={act(findLost)}>Search for lost orders</ActionButton>
      </div>
      {orders && orders.length > 0 && (
        <Table
          caption="Newest orders at TikTok"
          rows={orders.slice(0, 5)}
          keyOf={({ order_id }) => order_id}
          columns={[
            {
              head: "Order",
              cell: (order) => (
                <span>
                  <span class="number">{order.order_id}</span>
                  <span class="sub">
                    {formatCode(order.status)} · {countOf(order.units.length, "unit")}
                  </span>
                </span>
              ),
            },
            { head: "Change", cell: (order) => <OrderActions order={order} onDone={reload} /> },
          ]}
        />
      )}
    </Card>
  );
}
