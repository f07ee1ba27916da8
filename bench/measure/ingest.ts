/** Received events, and the ways to store an order that the lines compare. */
import type postgres from "postgres";
import type { Comparison, Target } from "./line.ts";
import { compareRounds, type Measured, median } from "./rounds.ts";

/** A stored event, and the order that it announces. */
export interface Received {
  event: string;
  user: string;
  shop: string;
  order: string;
}

let received = 0;

/** @param sellers The orders are those of the sellers 1 to this one, in turn. */
export async function receiveOrders(
  sql: postgres.Sql,
  count: number,
  sellers: number,
): Promise<Received[]> {
  const first = received + 1;
  received += count;
  return await sql<Received[]>`
    with received as (
      insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
      select 'tiktok', 'event ' || i, 'ORDER_STATUS_CHANGE', tiktok_id, 'order ' || i, '{"type":1}'
      from generate_series(${first}::integer, ${received}) as i
      join requested.sellers on n = 1 + i % ${sellers}
      returning id, shop_id, object_id
    )
    select received.id as event, seller.user_id as user, seller.shop_id as shop, received.object_id as order
    from received join requested.sellers as seller on seller.tiktok_id = received.shop_id
    order by received.id`;
}

const ITEM_ID = "577087614418520388";

/** An ordinary order as `ingest_order` takes it. */
export function orderRow(id: string) {
  return {
    tiktok_order_id: id,
    tiktok_status: "AWAITING_SHIPMENT",
    order_status: "awaiting_shipment",
    payment_status: "paid",
    currency: "USD",
    total_amount: "46.21",
    shipping_cost: "4.99",
    shipping_type: "SELLER",
    customer_email: "v2b2V4@chat.seller.us.tiktok.com",
    shipping_address: {
      name: "Ada Lovelace",
      line1: "11 Elm",
      city: "Austin",
      state: "Texas",
      postal_code: "78701",
      country: "US",
    },
    address_status: "readable",
    order_items: [{
      sku_id: "1729386416015841",
      product_name: "Cotton T-shirt",
      quantity: 1,
      price: "41.22",
      line_item_ids: [ITEM_ID],
      units: [{ line_item_id: ITEM_ID, package_id: "1152321127278713" }],
    }],
    fulfillment_type: "FULFILLMENT_BY_SELLER",
    amounts: { sub_total: "41.22" },
    paid_at: "2026-11-01T00:00:00Z",
    tiktok_created_at: "2026-11-01T00:00:00Z",
    tiktok_updated_at: "2026-11-01T00:00:00Z",
  };
}

/** Stores one order by `ingest_order`. @throws {Error} unless it is new. */
export async function ingest(sql: postgres.Sql, { event, shop, order }: Received): Promise<void> {
  const [row] = await sql`
    select public.ingest_order(${event}, ${shop}, ${sql.json(orderRow(order))}) as result`;
  if (row?.result.outcome !== "inserted") throw new Error(`outcome ${row?.result.outcome}`);
}

/** Stores orders of one shop by `ingest_orders`. @throws {Error} unless all are new. */
export async function ingestBatch(sql: postgres.Sql, batch: Received[]): Promise<void> {
  const items = batch.map(({ event, order }) => ({
    event_id: Number(event),
    order: orderRow(order),
    notice: {},
  }));
  const [row] = await sql`
    select public.ingest_orders(${batch[0]?.shop as string}, ${sql.json(items)}) as result`;
  for (const { outcome, error } of row?.result.outcomes) {
    if (outcome !== "inserted") throw new Error(`outcome ${outcome} ${error}`);
  }
}

/** Stores one order as the description says: the limit, the order, the event of the statistics. */
export async function storeAsRequested(
  sql: postgres.Sql,
  { user, shop, order }: Received,
): Promise<void> {
  const row = orderRow(order);
  await sql`select requested.check_order_limit(${user})`;
  await sql`
    insert into requested.orders (user_id, tiktok_shop_id, tiktok_order_id, order_status, payment_status,
      total_amount, shipping_cost, customer_email, shipping_address, order_items)
    values (${user}, ${shop}, ${order}, ${row.order_status}, ${row.payment_status}, ${row.total_amount},
      ${row.shipping_cost}, ${row.customer_email}, ${sql.json(row.shipping_address)},
      ${sql.json(row.order_items)})`;
  await sql`
    insert into requested.analytics_events (user_id, event_type, properties)
    values (${user}, 'order_received', ${sql.json({ order_id: order })})`;
}

/** Each connection takes the next of the list. */
export async function inParallel<Item>(
  connections: postgres.Sql[],
  items: Item[],
  work: (sql: postgres.Sql, item: Item) => Promise<unknown>,
): Promise<void> {
  const waiting = items.values();
  await Promise.all(connections.map(async (sql) => {
    for (const item of waiting) await work(sql, item);
  }));
}

/** Throughput of the measured against the base, for one order each; with the times and Postgres's CPU. */
export function compareThroughput(
  what: string,
  against: string,
  measured: { rounds: Measured; orders: number },
  base: { rounds: Measured; orders: number },
  target?: Target,
): Comparison {
  const { ratio, spread } = compareRounds(base.rounds.times, measured.rounds.times);
  const scale = measured.orders / base.orders;
  const ms = ({ orders }: { orders: number }, values: number[]) =>
    (median(values) / orders).toFixed(3);
  const cpu = compareRounds(base.rounds.cpu, measured.rounds.cpu).ratio * scale;
  return {
    what,
    against,
    ratio: ratio * scale,
    spread: [spread[0] * scale, spread[1] * scale],
    ...(target && { target }),
    figures:
      `${ms(measured, measured.rounds.times)} : ${ms(base, base.rounds.times)} ms an order, ` +
      `CPU of Postgres ${ms(measured, measured.rounds.cpu)} : ${
        ms(base, base.rounds.cpu)
      } ms, ratio ` +
      cpu.toPrecision(2),
  };
}
