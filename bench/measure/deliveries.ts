/** The life of orders from the webhook to delivered: by our functions, as the description says, and by plain statements. */
import type postgres from "postgres";
import { inboxOver } from "./inbox.ts";
import { orderRow } from "./ingest.ts";
import { walBytes } from "./wal.ts";

export const STATES = [
  ["AWAITING_SHIPMENT", "awaiting_shipment"],
  ["AWAITING_COLLECTION", "awaiting_collection"],
  ["IN_TRANSIT", "in_transit"],
  ["DELIVERED", "delivered"],
] as const;

export interface Shop {
  user_id: string;
  shop_id: string;
  tiktok_id: string;
}

/** Bytes of WAL by the step that wrote them, of all orders. */
export type Steps = Record<"stored" | "claimed" | "applied", number>;

export interface OrderNumbers {
  first: number;
  count: number;
}

/** A webhook as TikTok sends it: docs/tiktok.md. */
export function webhookBody(
  shop: Shop,
  order: string,
  notification: string,
  status: string,
): string {
  return JSON.stringify({
    type: 1,
    tts_notification_id: notification,
    shop_id: shop.tiktok_id,
    timestamp: 1_764_400_000,
    data: {
      order_id: order,
      order_status: status,
      is_on_hold_order: false,
      update_time: 1_764_400_000,
    },
  });
}

/** Receives, claims and applies the four states of each order, one order after the other. */
export async function deliverOrders(
  sql: postgres.Sql,
  shops: Shop[],
  numbers: OrderNumbers,
  steps: Steps,
): Promise<void> {
  const inbox = inboxOver(sql);
  let before = await walBytes(sql);
  const count = async (step: keyof Steps) => {
    const after = await walBytes(sql);
    steps[step] += after - before;
    before = after;
  };
  for (let n = numbers.first; n < numbers.first + numbers.count; n++) {
    const shop = shops[n % shops.length] as Shop;
    const order = String(576_486_316_948_490_000n + BigInt(n));
    for (const [step, [tiktokStatus, orderStatus]] of STATES.entries()) {
      const externalId = `73271123930573${n * 10 + step}`;
      await sql`
        select public.receive_webhook_event('tiktok', ${externalId}, 'ORDER_STATUS_CHANGE', ${shop.tiktok_id},
          ${order}, ${webhookBody(shop, order, externalId, tiktokStatus)}, ${"a".repeat(64)})`;
      await count("stored");
      const [event] = await inbox.claim(100, 120);
      await count("claimed");
      const item = {
        event_id: event?.event_id as number,
        order: {
          ...orderRow(order),
          tiktok_status: tiktokStatus,
          order_status: orderStatus,
          tiktok_updated_at: `2026-11-0${step + 1}T00:00:00Z`,
        },
        notice: {},
      };
      const [row] = await sql`
        select public.ingest_orders(${shop.shop_id}, ${sql.json([item])}) as result`;
      const [{ outcome }] = row?.result.outcomes;
      if (outcome !== (step === 0 ? "inserted" : "updated")) throw new Error(`outcome ${outcome}`);
      await count("applied");
    }
  }
}

/** The same by the description's statements: the limit, the order, its event of the statistics, each new status. */
export async function deliverRequested(
  sql: postgres.Sql,
  shops: Shop[],
  numbers: OrderNumbers,
): Promise<void> {
  for (let n = numbers.first; n < numbers.first + numbers.count; n++) {
    const { user_id, shop_id } = shops[n % shops.length] as Shop;
    const order = String(576_486_316_948_490_000n + BigInt(n));
    const row = orderRow(order);
    await sql`select requested.check_order_limit(${user_id})`;
    await sql`
      insert into requested.orders (user_id, tiktok_shop_id, tiktok_order_id, order_status, payment_status,
        total_amount, shipping_cost, customer_email, shipping_address, order_items)
      values (${user_id}, ${shop_id}, ${order}, ${row.order_status}, ${row.payment_status}, ${row.total_amount},
        ${row.shipping_cost}, ${row.customer_email}, ${sql.json(row.shipping_address)},
        ${sql.json(row.order_items)})`;
    await sql`
      insert into requested.analytics_events (user_id, event_type, properties)
      values (${user_id}, 'order_received', ${sql.json({ order_id: order })})`;
    for (const [, status] of STATES.slice(1)) {
      await sql`
        update requested.orders set order_status = ${status}, updated_at = now()
        where tiktok_order_id = ${order}`;
    }
  }
}

/** The rows of the description, and an inbox: each event is stored, and settled with its effect. */
export async function deliverPlain(
  sql: postgres.Sql,
  shops: Shop[],
  numbers: OrderNumbers,
): Promise<void> {
  for (let n = numbers.first; n < numbers.first + numbers.count; n++) {
    const shop = shops[n % shops.length] as Shop;
    const order = String(576_486_316_948_490_000n + BigInt(n));
    const row = orderRow(order);
    for (const [step, [tiktokStatus, orderStatus]] of STATES.entries()) {
      const externalId = `73271123930573${n * 10 + step}`;
      const [event] = await sql`
        insert into plain.events (source, external_id, event_type, shop_id, object_id, body, content_digest)
        values ('tiktok', ${externalId}, 'ORDER_STATUS_CHANGE', ${shop.tiktok_id}, ${order},
          ${webhookBody(shop, order, externalId, tiktokStatus)}, ${"a".repeat(64)})
        on conflict (source, external_id) do nothing
        returning id`;
      const effect = step === 0
        ? sql`
          insert into plain.orders (user_id, tiktok_shop_id, tiktok_order_id, order_status, payment_status,
            total_amount, shipping_cost, customer_email, shipping_address, order_items)
          values (${shop.user_id}, ${shop.shop_id}, ${order}, ${orderStatus}, ${row.payment_status},
            ${row.total_amount}, ${row.shipping_cost}, ${row.customer_email}, ${
          sql.json(row.shipping_address)
        }, ${sql.json(row.order_items)})`
        : sql`
          update plain.orders set order_status = ${orderStatus}, updated_at = now()
          where tiktok_order_id = ${order}`;
      const statistics = step === 0
        ? sql`, counted as (
          insert into plain.analytics_events (user_id, event_type, properties)
          values (${shop.user_id}, 'order_received', ${sql.json({ order_id: order })}))`
        : sql``;
      await sql`
        with effect as (${effect}) ${statistics}
        update plain.events set status = 'done', settled_at = now() where id = ${event?.id}`;
    }
  }
}
