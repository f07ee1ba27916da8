/** `bench ingest`: one new order, spread over many sellers, and a newer state of an order. */
import type postgres from "postgres";
import { startBenchDatabase } from "../measure/database.ts";
import {
  compareThroughput,
  ingest,
  ingestBatch,
  orderRow,
  type Received,
  receiveOrders,
  storeAsRequested,
} from "../measure/ingest.ts";
import { writeSameRows } from "../measure/same_rows.ts";
import type { Comparison, Line, Target } from "../measure/line.ts";
import { compareRounds, type Measured, measureWithCpu, median } from "../measure/rounds.ts";
import { addPastOrders, addSellers } from "../measure/sellers.ts";

const SELLERS = 1_000;
const ROUNDS = 7;
const ORDERS = 100;
const COUNT = ORDERS * (ROUNDS + 1);

const WITHOUT_DECISIONS = new URL("../measure/without_decisions.sql", import.meta.url);

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

/** One statement that writes what a newer state writes: the order, the timeline, the settled event. */
async function updateSameRows(
  sql: postgres.Sql,
  { event, shop, order }: Received,
): Promise<void> {
  const row = next(order);
  await sql`
    with stored as (
      update public.orders
      set tiktok_status = ${row.tiktok_status}, order_status = ${row.order_status},
        tiktok_updated_at = ${row.tiktok_updated_at}
      where tiktok_shop_id = ${shop} and tiktok_order_id = ${order}
      returning id, user_id, tiktok_updated_at
    ), timeline as (
      insert into public.order_events (order_id, user_id, event_type, webhook_event_id, changes, happened_at)
      select id, user_id, 'ORDER_STATUS_CHANGE', ${event}, ${
    sql.json({ tiktok_status: { from: "AWAITING_SHIPMENT", to: row.tiktok_status } })
  }, tiktok_updated_at from stored
    )
    update private.webhook_events set status = 'done', settled_at = now() where id = ${event}`;
}

/** One of the functions of without_decisions.sql. */
const callFunction =
  (name: "write_order" | "write_newer", checks: boolean) =>
  async (sql: postgres.Sql, { event, shop, order }: Received): Promise<void> => {
    const row = name === "write_order" ? orderRow(order) : next(order);
    await sql`select ${sql(`requested.${name}`)}(${event}, ${shop}, ${sql.json(row)}, ${checks})`;
  };

/** An order that is stored, and a further event about each. */
async function storeOrders(sql: postgres.Sql): Promise<Received[]> {
  const orders = await receiveOrders(sql, COUNT, SELLERS);
  for (const order of orders) await writeSameRows(sql, order);
  const events = await receiveOrders(sql, COUNT, SELLERS);
  return events.map(({ event }, n) => ({ ...orders[n] as Received, event }));
}

const perOrder = (values: number[]) => (median(values) / ORDERS).toFixed(3);

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  await addSellers(sql, SELLERS);
  await addPastOrders(sql, 50_000);
  await sql.unsafe(await Deno.readTextFile(WITHOUT_DECISIONS)).simple();
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
  const newOrders = () => receiveOrders(sql, COUNT, SELLERS);
  const sides = {
    ours: inTurn(ingest, await newOrders()),
    worker: inTurn((sql, order) => ingestBatch(sql, [order]), await newOrders()),
    sameRows: inTurn(writeSameRows, await newOrders()),
    requested: inTurn(storeAsRequested, await newOrders()),
    plainFunction: inTurn(callFunction("write_order", false), await newOrders()),
    withChecks: inTurn(callFunction("write_order", true), await newOrders()),
    newer: inTurn(ingestNewer, await storeOrders(sql)),
    newerRows: inTurn(updateSameRows, await storeOrders(sql)),
    newerPlainFunction: inTurn(callFunction("write_newer", false), await storeOrders(sql)),
    newerWithChecks: inTurn(callFunction("write_newer", true), await storeOrders(sql)),
    bareUpdate: inTurn(updateBare, await storeOrders(sql)),
  };
  const measured = await measureWithCpu(ROUNDS, database.cpuMs, sides);
  const rounds = (side: keyof typeof sides) => ({ rounds: measured[side], orders: ORDERS });
  const compareUpdates = (what: string, side: Measured, target?: Target): Comparison => ({
    ...{ what, against: "one update of the order" },
    ...compareRounds(side.times, measured.bareUpdate.times),
    ...(target && { target }),
    figures:
      `${perOrder(side.times)} : ${perOrder(measured.bareUpdate.times)} ms, CPU of Postgres ` +
      `${perOrder(side.cpu)} : ${perOrder(measured.bareUpdate.cpu)} ms, ratio ` +
      compareRounds(side.cpu, measured.bareUpdate.cpu).ratio.toPrecision(2),
  });
  const compareNew = (
    what: string,
    side: keyof typeof sides,
    base: "sameRows" | "requested",
    value?: number,
  ): Comparison =>
    compareThroughput(
      what,
      base === "requested" ? "the requested schema" : "one statement with the same rows",
      rounds(side),
      rounds(base),
      value === undefined ? undefined : { bound: "at least", value },
    );
  const functions = {
    plain: "the same rows by one function, without checks",
    withChecks: "the same with the locks and reads of the checks",
  };
  return [
    compareNew("ingest_order, over 1,000 sellers", "ours", "sameRows", 0.85),
    compareNew("ingest_order, over 1,000 sellers", "ours", "requested", 0.65),
    // The worker has one call for one order and for many.
    compareNew("ingest_orders with one order", "worker", "sameRows"),
    compareNew("ingest_orders with one order", "worker", "requested"),
    // No function with these checks is faster than these.
    compareNew(functions.plain, "plainFunction", "sameRows"),
    compareNew(functions.withChecks, "withChecks", "sameRows"),
    compareNew(functions.withChecks, "withChecks", "requested"),
    compareUpdates("ingest_order, a newer state", measured.newer, { bound: "at most", value: 1.6 }),
    // No way to store a newer state with its timeline is faster than this one.
    compareUpdates("one statement with the rows of a newer state", measured.newerRows),
    compareUpdates(functions.plain, measured.newerPlainFunction),
    compareUpdates(functions.withChecks, measured.newerWithChecks),
  ];
}

export const ingestLine: Line = {
  name: "ingest",
  title: "One order, new or changed, costs little more than the rows that it writes",
  measure,
};
