/** `bench batch`: ingest_orders with 50 new orders of a shop. */
import type postgres from "postgres";
import { startBenchDatabase } from "../measure/database.ts";
import {
  compareThroughput,
  ingestBatch,
  inParallel,
  orderRow,
  type Received,
  receiveOrders,
  storeAsRequested,
} from "../measure/ingest.ts";
import { writeSameBatch } from "../measure/same_rows.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { measureWithCpu } from "../measure/rounds.ts";
import { addPastOrders, addSellers } from "../measure/sellers.ts";

const ROUNDS = 5;
const BATCH = 50;
const BATCHES = 8;
const ORDERS = BATCH * BATCHES;
const CONNECTIONS = 4;

/** A table as ours, without foreign keys and triggers. */
async function insertBare(sql: postgres.Sql, { user, shop, order }: Received): Promise<void> {
  const row = orderRow(order);
  await sql`
    insert into requested.bare_orders (user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, order_status,
      payment_status, currency, total_amount, shipping_cost, shipping_type, customer_email, shipping_address,
      address_status, order_items, fulfillment_type, amounts, paid_at, tiktok_created_at, tiktok_updated_at)
    values (${user}, ${shop}, ${order}, ${row.tiktok_status}, ${row.order_status}, ${row.payment_status},
      ${row.currency}, ${row.total_amount}, ${row.shipping_cost}, ${row.shipping_type}, ${row.customer_email},
      ${sql.json(row.shipping_address)}, ${row.address_status}, ${sql.json(row.order_items)},
      ${row.fulfillment_type}, ${sql.json(row.amounts)}, ${row.paid_at}, ${row.tiktok_created_at},
      ${row.tiktok_updated_at})`;
}

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  await addSellers(sql, 100);
  await addPastOrders(sql, 20_000);
  await sql`create table requested.bare_orders (like public.orders including all excluding generated)`;
  await sql`alter table requested.bare_orders alter column is_revenue set default true`;
  await sql`insert into requested.bare_orders select * from public.orders`;
  await sql`vacuum analyze`;
  const connections = await database.connect(CONNECTIONS);
  const [counter] = await sql`select user_id from requested.sellers where n = 3`;
  /** All orders of a shop: the batches of a round are those of as many sellers as it has batches. */
  const spread = async () => {
    const orders = await receiveOrders(sql, ORDERS * (ROUNDS + 1), BATCHES);
    return Map.groupBy(orders, ({ shop }) => shop).values().toArray();
  };
  const toBatches = (lists: Received[][]) => {
    const waiting = lists.map((list) => list.values());
    return () => waiting.map((list) => list.take(BATCH).toArray());
  };
  const [shops, setShops] = [toBatches(await spread()), toBatches(await spread())];
  const toHotBatches = async () => {
    const orders = (await receiveOrders(sql, ORDERS * (ROUNDS + 1), 1)).values();
    return () => Array.from({ length: BATCHES }, () => orders.take(BATCH).toArray());
  };
  const [hotBatches, hotSets] = [await toHotBatches(), await toHotBatches()];
  const [bare, requested] = [(await spread()).flat().values(), (await spread()).flat().values()];
  const measured = await measureWithCpu(ROUNDS, database.cpuMs, {
    ours: () => inParallel([sql], shops(), ingestBatch),
    set: () => inParallel([sql], setShops(), writeSameBatch),
    bare: () => inParallel([sql], bare.take(ORDERS).toArray(), insertBare),
    requested: () => inParallel([sql], requested.take(ORDERS).toArray(), storeAsRequested),
    hot: () => inParallel(connections, hotBatches(), ingestBatch),
    hotSet: () => inParallel(connections, hotSets(), writeSameBatch),
    counter: () =>
      inParallel(connections, Array.from({ length: ORDERS }), (connection) =>
        connection`
          update private.monthly_order_counts set orders = orders + 1
          where user_id = ${counter?.user_id} and month = date_trunc('month', now() at time zone 'UTC')::date`),
  });
  const rounds = (side: keyof typeof measured) => ({ rounds: measured[side], orders: ORDERS });
  const compare = (
    what: string,
    side: keyof typeof measured,
    against: string,
    base: keyof typeof measured,
    value?: number,
  ) =>
    compareThroughput(
      what,
      against,
      rounds(side),
      rounds(base),
      value === undefined ? undefined : { bound: "at least", value },
    );
  const [what, set] = ["ingest_orders, 50 at once", "one statement with the same rows"];
  const [bareRow, schema, update] = [
    "one insert each, without keys and triggers",
    "the requested schema",
    "one update of a counter each",
  ];
  return [
    compare(what, "ours", bareRow, "bare", 1.2),
    compare(what, "ours", schema, "requested", 2.2),
    compare(`${what}, one seller, 4 connections`, "hot", update, "counter", 1.7),
    // No way to store 50 orders is faster than this statement.
    compare(what, "ours", set, "set"),
    compare(`${what}, one seller, 4 connections`, "hot", set, "hotSet"),
    compare(set, "set", bareRow, "bare"),
    compare(set, "set", schema, "requested"),
    compare(`${set}, one seller, 4 connections`, "hotSet", update, "counter"),
  ];
}

export const batchLine: Line = {
  name: "batch",
  title: "Orders that come together are stored together",
  measure,
};
