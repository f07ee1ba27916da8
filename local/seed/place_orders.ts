/** The buyers' side of the seeded orders, at the simulated TikTok. */
import { addressOf } from "../simulators/tiktok/addresses.ts";
import { control } from "../stack/simulator_control.ts";
import type { SeededOrder, Seeding } from "./seeded.ts";
import { until } from "./until.ts";

const HOUR_MS = 3_600_000;

const CANCELLATION = {
  status: "CANCELLED",
  detail: { cancellation_initiator: "BUYER", cancel_reason: "Ordered by mistake" },
  deliveries: 0,
};

/** Without webhooks: connecting the shop finds the orders. */
async function placeOrder({ env }: Seeding, shopId: string, order: SeededOrder): Promise<void> {
  const body = {
    shop_id: shopId,
    order_id: order.id,
    status: order.placedAs,
    quantity: order.quantity,
    price: order.price,
    shipping_type: order.shippingType,
    create_time: Math.floor((Date.now() - order.hours * HOUR_MS) / 1000),
    detail: order.buyer ? { recipient_address: addressOf(order.buyer) } : order.detail,
    deliveries: 0,
  };
  // It exists if it was placed before: 409.
  const { order_id } = await control<{ order_id?: string }>(env, "tiktok", "orders", {
    body,
    alsoExpected: [409],
  });
  if (order_id === undefined || !order.cancelled) return;
  await control(env, "tiktok", `orders/${order_id}`, { method: "PATCH", body: CANCELLATION });
}

export async function placeOrders(seeding: Seeding): Promise<void> {
  for (const { id, orders } of seeding.seeded.shops) {
    await Promise.all(orders.map((order) => placeOrder(seeding, id, order)));
  }
}

/** Waits until every order is stored, or held by the plan. */
export async function waitForOrders({ sql, seeded }: Seeding): Promise<void> {
  const ids = seeded.shops.flatMap(({ orders }) => orders.map(({ id }) => id));
  await until(`the orders of ${seeded.email} are stored`, async () => {
    const [{ stored = 0, held = 0 } = {}] = await sql<{ stored: number; held: number }[]>`
      select
        (select count(*)::int from public.orders where tiktok_order_id in ${sql(ids)}) as stored,
        (select count(distinct object_id)::int from private.webhook_events
          where status = 'held' and object_id in ${sql(ids)}) as held`;
    return stored + held === ids.length;
  });
}
