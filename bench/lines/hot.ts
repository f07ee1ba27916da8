/** `bench hot`: orders of one seller on several connections at once. */
import { startBenchDatabase, withoutIndexes, withoutTriggers } from "../measure/database.ts";
import {
  compareThroughput,
  ingest,
  inParallel,
  receiveOrders,
  storeAsRequested,
} from "../measure/ingest.ts";
import { writeSameRows } from "../measure/same_rows.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { measureWithCpu } from "../measure/rounds.ts";
import { addPastOrders, addSellers } from "../measure/sellers.ts";

const CONNECTIONS = 8;
const ROUNDS = 5;
/** Orders of a round: few where each takes long. */
const ORDERS = { ours: 160, rows: 160, counter: 160, few: 160, many: 24, most: 8 };
/** The seller whose number is the place in this list has so many orders in the requested schema; ours has as many as the first. */
const STORED = [1_000, 100_000, 1_000_000];

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  await addSellers(sql, 100);
  await addPastOrders(sql, 20_000);
  await withoutIndexes(
    sql,
    ["requested.orders"],
    () =>
      withoutTriggers(sql, async (transaction) => {
        for (const [place, orders] of STORED.entries()) {
          await transaction`
          insert into requested.orders (user_id, tiktok_shop_id, tiktok_order_id, total_amount, shipping_address,
            order_items)
          select user_id, shop_id, 'stored ' || i, 10, '{}', '[]'
          from generate_series(1, ${orders}::integer) as i
          join requested.sellers on n = ${place + 1}`;
        }
        await transaction`
        update private.monthly_order_counts set orders = ${STORED[0] ?? 0}
        where user_id = (select user_id from requested.sellers where n = 1)`;
      }),
  );
  await sql`vacuum analyze`;
  const connections = await database.connect(CONNECTIONS);
  const [, user] = await sql`select user_id from requested.sellers order by n limit 2`;
  const requested = async (seller: number, count: number) => {
    const [row] = await sql`select user_id, shop_id from requested.sellers where n = ${seller}`;
    let order = 0;
    return () =>
      inParallel(
        connections,
        Array.from({ length: count }),
        (connection) =>
          storeAsRequested(connection, {
            event: "",
            user: row?.user_id,
            shop: row?.shop_id,
            order: `new ${seller} ${++order}`,
          }),
      );
  };
  const receive = async (count: number) =>
    (await receiveOrders(sql, count * (ROUNDS + 1), 1)).values();
  const waiting = await receive(ORDERS.ours);
  const written = await receive(ORDERS.rows);
  const measured = await measureWithCpu(ROUNDS, database.cpuMs, {
    ours: () => inParallel(connections, [...waiting.take(ORDERS.ours)], ingest),
    rows: () => inParallel(connections, [...written.take(ORDERS.rows)], writeSameRows),
    counter: () =>
      inParallel(connections, Array.from({ length: ORDERS.counter }), (connection) =>
        connection`
          update private.monthly_order_counts set orders = orders + 1
          where user_id = ${user?.user_id} and month = date_trunc('month', now() at time zone 'UTC')::date`),
    few: await requested(1, ORDERS.few),
    many: await requested(2, ORDERS.many),
    most: await requested(3, ORDERS.most),
  });
  const compare = (side: keyof typeof ORDERS, against: string, value?: number) =>
    compareThroughput(
      "ingest_order, one seller, 8 connections",
      against,
      { rounds: measured.ours, orders: ORDERS.ours },
      { rounds: measured[side], orders: ORDERS[side] },
      value === undefined ? undefined : { bound: "at least", value },
    );
  return [
    // No way to store an order is faster than this one.
    compareThroughput(
      "one statement with the same rows, one seller",
      "one update of a counter",
      { rounds: measured.rows, orders: ORDERS.rows },
      { rounds: measured.counter, orders: ORDERS.counter },
    ),
    compare("rows", "one statement with the same rows"),
    compare("counter", "one update of a counter", 0.4),
    compare("few", "the requested schema, 1,000 orders", 0.8),
    compare("many", "the requested schema, 100,000 orders", 15),
    compare("most", "the requested schema, 1,000,000 orders", 200),
  ];
}

export const hotLine: Line = {
  name: "hot",
  title: "Many orders of one seller at once hardly wait for each other",
  measure,
};
