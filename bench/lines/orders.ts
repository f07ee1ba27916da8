/** `bench orders`: one new order, received and ingested, with few and with many orders before it. */
import type postgres from "postgres";
import { addSeller, type Seller, startBenchDatabase } from "../measure/database.ts";
import type { Comparison, Line } from "../measure/line.ts";
import { compareRounds, measureInTurn, median } from "../measure/rounds.ts";

const ROUNDS = 21;
const ORDERS_A_ROUND = 50;
const SIZES = [1_000, 100_000, 1_000_000];

let orders = 0;

async function ingestRound(sql: postgres.Sql, seller: Seller): Promise<void> {
  for (let n = 0; n < ORDERS_A_ROUND; n++) {
    const orderId = `b${++orders}`;
    const [receipt] = await sql`
      select public.receive_webhook_event('tiktok', ${seller.shop + orderId}, 'ORDER_STATUS_CHANGE',
        ${seller.shop}, ${orderId}, '{}') as result`;
    const order = {
      tiktok_order_id: orderId,
      tiktok_status: "AWAITING_SHIPMENT",
      order_status: "awaiting_shipment",
      payment_status: "paid",
      currency: "USD",
      total_amount: "46.21",
      shipping_address: {},
      address_status: "none",
      order_items: [],
      tiktok_updated_at: "2026-11-01T00:00:00Z",
    };
    const [row] = await sql`
      select public.ingest_order(${receipt?.result.event_id}, ${seller.shopId}, ${
      sql.json(order)
    }) as result`;
    if (row?.result.outcome !== "inserted") throw new Error(`outcome ${row?.result.outcome}`);
  }
}

async function measure(): Promise<Comparison[]> {
  await using database = await startBenchDatabase();
  const { sql } = database;
  await sql`update public.plans set monthly_order_limit = 100000000`;
  const sellers: Record<string, () => Promise<void>> = {};
  for (const size of SIZES) {
    const seller = await addSeller(sql, `seller-${size}`, size);
    sellers[size] = () => ingestRound(sql, seller);
  }
  await sql`vacuum analyze`;
  const times = await measureInTurn(ROUNDS, sellers);
  const [least = 0, ...more] = SIZES;
  const perOrder = (size: number) => (median(times[size] ?? []) / ORDERS_A_ROUND).toFixed(2);
  return more.map((size) => ({
    what: `ingest_order, ${size.toLocaleString("en")} orders this month`,
    against: `the same, ${least.toLocaleString("en")} orders`,
    ...compareRounds(times[size] ?? [], times[least] ?? []),
    target: { bound: "at most", value: 1.1 },
    figures: `${perOrder(size)} ms : ${perOrder(least)} ms an order`,
  }));
}

export const orderLine: Line = {
  name: "orders",
  title: "One new order does not get slower with the orders before it",
  measure,
};
