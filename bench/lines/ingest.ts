/** `bench ingest`: one new order, spread over many sellers, and a newer state of an order. */
import type postgres from "postgres";
import { startBenchDatabase } from "../measure/database.ts";
import {
  compareThroughput,
  ingest,
  orderRow,
  type Received,
  receiveOrders,
  storeAsRequested,
} from "../measure/ingest.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { compareRounds, measureWithCpu, median } from "../measure/rounds.ts";
import { addPastOrders, addSellers } from "../measure/sellers.ts";

const SELLERS = 1_000;
const ROUNDS = 7;
const ORDERS = 100;
const COUNT = ORDERS * (ROUNDS + 1);

/** One statement that writes what `ingest_order` writes; triggers write the statistics and the broadcast. */
async function writeSameRows(
  sql: postgres.Sql,
  { event, user, shop, order }: Received,
): Promise<void> {
  const row = orderRow(order);
  await sql`
    with stored as (
      insert into public.orders (user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, order_status,
        payment_status, currency, total_amount, shipping_cost, shipping_type, customer_email, shipping_address,
        address_status, order_items, fulfillment_type, amounts, paid_at, tiktok_created_at, tiktok_updated_at)
      values (${user}, ${shop}, ${order}, ${row.tiktok_status}, ${row.order_status}, ${row.payment_status},
        ${row.currency}, ${row.total_amount}, ${row.shipping_cost}, ${row.shipping_type}, ${row.customer_email},
        ${sql.json(row.shipping_address)}, ${row.address_status}, ${sql.json(row.order_items)},
        ${row.fulfillment_type}, ${sql.json(row.amounts)}, ${row.paid_at}, ${row.tiktok_created_at},
        ${row.tiktok_updated_at})
      returning id, user_id, tiktok_updated_at
    ), timeline as (
      insert into public.order_events (order_id, user_id, event_type, webhook_event_id, changes, happened_at)
      select id, user_id, 'ORDER_STATUS_CHANGE', ${event}, ${
    sql.json({
      order_status: { from: null, to: row.order_status },
      payment_status: { from: null, to: row.payment_status },
      tiktok_status: { from: null, to: row.tiktok_status },
      total_amount: { from: null, to: row.total_amount },
    })
  }, tiktok_updated_at from stored
    ), seller as (
      update private.monthly_order_counts set orders = orders + 1
      where user_id = ${user} and month = date_trunc('month', now() at time zone 'UTC')::date
    ), shop as (
      update private.monthly_shop_counts set orders = orders + 1
      where shop_key = (select shop_key from public.tiktok_shops where id = ${shop})
        and month = date_trunc('month', now() at time zone 'UTC')::date
    )
    update private.webhook_events set status = 'done', settled_at = now() where id = ${event}`;
}

const next = (order: string) => ({
  ...orderRow(order),
  tiktok_status: "AWAITING_COLLECTION",
  order_status: "awaiting_collection",
  tiktok_updated_at: "2026-11-02T00:00:00Z",
});

async function ingestNewer(sql: postgres.Sql, { event, shop, order }: Received): Promise<void> {
  const [row] = await sql`
    select public.ingest_order(${event}, ${shop}, ${sql.json(next(order))}) as result`;
  if (row?.result.outcome !== "updated") throw new Error(`outcome ${row?.result.outcome}`);
}

async function updateBare(sql: postgres.Sql, { shop, order }: Received): Promise<void> {
  const row = next(order);
  await sql`
    update public.orders
    set tiktok_status = ${row.tiktok_status}, order_status = ${row.order_status},
      tiktok_updated_at = ${row.tiktok_updated_at}
    where tiktok_shop_id = ${shop} and tiktok_order_id = ${order}`;
}

/** An order that is stored, and a further event about each. */
async function storeOrders(sql: postgres.Sql): Promise<Received[]> {
  const orders = await receiveOrders(sql, COUNT, SELLERS);
  for (const order of orders) await writeSameRows(sql, order);
  const events = await receiveOrders(sql, COUNT, SELLERS);
  return events.map(({ event }, n) => ({ ...orders[n] as Received, event }));
}

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  await addSellers(sql, SELLERS);
  await addPastOrders(sql, 50_000);
  /** A round of this work for the next of the orders. */
  const inTurn = (
    work: (sql: postgres.Sql, order: Received) => Promise<void>,
    orders: Received[],
  ) => {
    const waiting = orders.values();
    return async () => {
      for (const order of waiting.take(ORDERS)) await work(sql, order);
    };
  };
  const news = () => receiveOrders(sql, COUNT, SELLERS);
  const sides = {
    ours: inTurn(ingest, await news()),
    sameRows: inTurn(writeSameRows, await news()),
    requested: inTurn(storeAsRequested, await news()),
    newer: inTurn(ingestNewer, await storeOrders(sql)),
    bareUpdate: inTurn(updateBare, await storeOrders(sql)),
  };
  const measured = await measureWithCpu(ROUNDS, database.cpuMs, sides);
  const rounds = (side: keyof typeof sides) => ({ rounds: measured[side], orders: ORDERS });
  const what = "ingest_order, over 1,000 sellers";
  const perOrder = (values: number[]) => (median(values) / ORDERS).toFixed(3);
  const { newer, bareUpdate } = measured;
  return [
    compareThroughput(
      what,
      "one statement with the same rows",
      rounds("ours"),
      rounds("sameRows"),
      {
        bound: "at least",
        value: 0.85,
      },
    ),
    compareThroughput(what, "the requested schema", rounds("ours"), rounds("requested"), {
      bound: "at least",
      value: 0.65,
    }),
    {
      what: "ingest_order, a newer state",
      against: "one update of the order",
      ...compareRounds(newer.times, bareUpdate.times),
      target: { bound: "at most", value: 1.6 },
      figures: `${perOrder(newer.times)} : ${perOrder(bareUpdate.times)} ms, CPU of Postgres ` +
        `${perOrder(newer.cpu)} : ${perOrder(bareUpdate.cpu)} ms, ratio ` +
        compareRounds(newer.cpu, bareUpdate.cpu).ratio.toPrecision(2),
    },
  ];
}

export const ingestLine: Line = {
  name: "ingest",
  title: "One order, new or changed, costs little more than the rows that it writes",
  measure,
};
