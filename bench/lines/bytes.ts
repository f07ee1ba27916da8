/** `bench bytes`: what an order writes and keeps, from its webhook to delivered. */
import type postgres from "postgres";
import { startBenchDatabase } from "../measure/database.ts";
import { orderRow } from "../measure/ingest.ts";
import { inboxOver } from "../measure/inbox.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { compareRounds, median } from "../measure/rounds.ts";
import { addPastOrders, addSellers } from "../measure/sellers.ts";

const ROUNDS = 5;
const ORDERS = 100;
const SELLERS = 50;
const STATES = [
  ["AWAITING_SHIPMENT", "awaiting_shipment"],
  ["AWAITING_COLLECTION", "awaiting_collection"],
  ["IN_TRANSIT", "in_transit"],
  ["DELIVERED", "delivered"],
] as const;

interface Shop {
  user_id: string;
  shop_id: string;
  tiktok_id: string;
}

/** Of one order. */
interface Written {
  wal: number;
  bytes: number;
}

/** A webhook as TikTok sends it: docs/tiktok.md. */
function webhookBody(shop: Shop, order: string, notification: string, status: string): string {
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
async function deliverOrders(sql: postgres.Sql, shops: Shop[], first: number): Promise<void> {
  const inbox = inboxOver(sql);
  for (let n = first; n < first + ORDERS; n++) {
    const shop = shops[n % shops.length] as Shop;
    const order = String(576_486_316_948_490_000n + BigInt(n));
    for (const [step, [tiktokStatus, orderStatus]] of STATES.entries()) {
      const externalId = `73271123930573${n * 10 + step}`;
      await sql`
        select public.receive_webhook_event('tiktok', ${externalId}, 'ORDER_STATUS_CHANGE', ${shop.tiktok_id},
          ${order}, ${webhookBody(shop, order, externalId, tiktokStatus)}, ${"a".repeat(64)})`;
      const [event] = await inbox.claim(100, 120);
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
    }
  }
}

/** The same by the description's statements: the limit, the order, its event of the statistics, each new status. */
async function deliverRequested(sql: postgres.Sql, shops: Shop[], first: number): Promise<void> {
  for (let n = first; n < first + ORDERS; n++) {
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

/** Bytes of the tables of a group of schemas, with their indexes. */
async function storedBytes(sql: postgres.Sql, schemas: string[]): Promise<number> {
  const [row] = await sql`
    select sum(pg_total_relation_size(oid)) as bytes from pg_class
    where relkind = 'r' and relnamespace = any (${schemas}::regnamespace[])`;
  return Number(row?.bytes);
}

async function walBytes(sql: postgres.Sql): Promise<number> {
  const [row] = await sql`select pg_current_wal_insert_lsn() - '0/0' as bytes`;
  return Number(row?.bytes);
}

async function updateCounts(sql: postgres.Sql): Promise<{ updates: number; hot: number }> {
  await sql`select pg_stat_force_next_flush()`;
  const [row] = await sql`
    select n_tup_upd::float as updates, n_tup_hot_upd::float as hot from pg_stat_all_tables
    where relid = 'private.webhook_events'::regclass`;
  return row as { updates: number; hot: number };
}

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  await addSellers(sql, SELLERS);
  await addPastOrders(sql, 5_000);
  // Images of whole pages depend on the checkpoints, not on what is written.
  await sql`alter system set full_page_writes = off`;
  await sql`select pg_reload_conf()`;
  const shops = await sql<Shop[]>`
    select user_id, shop_id, tiktok_id from requested.sellers order by n`;
  const written = async (schemas: string[], deliver: () => Promise<void>): Promise<Written> => {
    const [wal, bytes] = [await walBytes(sql), await storedBytes(sql, schemas)];
    await deliver();
    const walAfter = await walBytes(sql);
    // As autovacuum does: the space of old versions is used again.
    await sql`vacuum`;
    return {
      wal: (walAfter - wal) / ORDERS,
      bytes: (await storedBytes(sql, schemas) - bytes) / ORDERS,
    };
  };
  const before = await updateCounts(sql);
  const rounds: { ours: Written; requested: Written }[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const first = round * ORDERS;
    rounds.push({
      ours: await written(["public", "private"], () => deliverOrders(sql, shops, first)),
      requested: await written(["requested"], () => deliverRequested(sql, shops, first)),
    });
  }
  const after = await updateCounts(sql);
  const compare = (what: string, figure: keyof Written, value: number, note = "") => {
    // The first round fills the space that is used again.
    const [ours, requested] = (["ours", "requested"] as const).map((side) =>
      rounds.slice(1).map((round) => round[side][figure])
    ) as [number[], number[]];
    const kilobytes = (values: number[]) => (median(values) / 1000).toFixed(1);
    return {
      what,
      against: "the requested schema",
      ...compareRounds(ours, requested),
      target: { bound: "at most", value },
      figures: `${kilobytes(ours)} : ${kilobytes(requested)} kB${note}`,
    } satisfies Comparison;
  };
  const [updates, hot] = [after.updates - before.updates, after.hot - before.hot];
  return [
    compare("WAL of an order, webhook to delivered", "wal", 2, ", without images of whole pages"),
    compare("bytes of tables and indexes, the same", "bytes", 3),
    {
      what: "updates of the inbox that are HOT",
      against: "all of its updates",
      ratio: hot / updates,
      target: { bound: "at least", value: 0.9 },
      figures: `${hot} of ${updates}`,
    },
  ];
}

export const bytesLine: Line = {
  name: "bytes",
  title: "What an order writes and keeps, from its webhook to delivered",
  measure,
};
