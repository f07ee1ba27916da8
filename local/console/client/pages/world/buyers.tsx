/** @jsxImportSource hono/jsx/dom */
/** Buyers: they order, alone or a hundred at once; a webhook is repeated or lost. */
import { ActionButton } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { changeWorld, listWorldOrders, searchOrders } from "../../data/world.ts";
import { countOf, formatNumber } from "../../format.ts";
import { useQuery } from "../../use_query.ts";
import { addEffect, type AwaitedOrder, describeAnswers } from "./effect_list.ts";
import { OrdersAtTikTok } from "./orders_at_tiktok.tsx";

const READ_MS = 3000;
const BURST = 100;

interface Placed {
  order_id: string;
  answers: number[];
}

async function placeOrder(
  shop_id: string,
  sent: string,
  body: Record<string, unknown>,
  awaited: Omit<AwaitedOrder, "orderId"> = {},
) {
  const { order_id, answers } = await changeWorld<Placed>("orders", { shop_id, ...body });
  addEffect({
    sent: `${sent} ${order_id}`,
    answer: describeAnswers(answers),
    awaited: { ...awaited, orderId: order_id },
  });
}

const loseWebhook = (shopId: string) =>
  placeOrder(shopId, "An order whose webhook was lost:", { deliveries: 0 }, {
    note: 'The product does not know of it. "Search for lost orders" finds it.',
  });

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
    answer: "The product reads from TikTok what changed; the clock does the same every 15 minutes.",
    link: { href: "/seller/orders", text: "Orders" },
  });
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
        <ActionButton onPress={act(() => placeOrder(shopId, "An order", { quantity: 2 }))}>
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
        <ActionButton kind="plain" onPress={act(() => loseWebhook(shopId))}>
          An order whose webhook is lost
        </ActionButton>
        <ActionButton kind="plain" onPress={act(findLost)}>Search for lost orders</ActionButton>
      </div>
      {orders && orders.length > 0 && <OrdersAtTikTok orders={orders} onDone={reload} />}
    </Card>
  );
}
