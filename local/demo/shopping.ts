/** Steps of the demo: orders arrive, and the seller looks at them. */
import type postgres from "postgres";
import { unwrap } from "../../shared/database/errors.ts";
import { formatTable } from "../cli/table.ts";
import type { StackEnvironment } from "../stack/environment.ts";
import type { Seller } from "../stack/seller.ts";
import { pollUntil } from "../time/poll_until.ts";
import { control } from "../stack/simulator_control.ts";

/**
 * Also for a webhook that is answered 503 once, which TikTok sends again after two minutes, and for an event that
 * fails once, which is tried again within a minute.
 */
const SETTLE_TIMEOUT_MS = 240_000;

export interface Deliveries {
  sent: number;
  /** Number of answers by HTTP status. */
  answers: Record<string, number>;
}

/** Makes orders at the simulated TikTok and delivers their webhooks, shuffled, some of them twice. */
export async function deliverOrders(
  env: StackEnvironment,
  shopId: string,
  { orders, duplicates }: { orders: number; duplicates: number },
): Promise<Deliveries> {
  const bodies = Array.from({ length: orders }, (_, i) => ({
    shop_id: shopId,
    quantity: 1 + i % 3,
    price: `${9 + i % 20}.50`,
    deliveries: 0,
  }));
  const created = await Promise.all(
    bodies.map((body) => control<{ order_id: string }>(env, "tiktok", "orders", { body })),
  );
  const order_ids = created.map((order) => order.order_id);
  return await control(env, "tiktok", "deliveries", { body: { order_ids, duplicates } });
}

/** Waits until the shop has so many events and none of them is open. Returns their number by status. */
export async function settledEvents(
  sql: postgres.Sql,
  shopId: string,
  expected: number,
): Promise<Map<string, number>> {
  const counts = await pollUntil(async () => {
    const rows = await sql<{ status: string; events: number }[]>`
      select status, count(*)::int as events from private.webhook_events
      where shop_id = ${shopId} and source = 'tiktok' group by status`;
    const counts = new Map(rows.map((row) => [row.status, row.events]));
    const stored = [...counts.values()].reduce((sum, n) => sum + n, 0);
    return stored >= expected && !counts.has("pending") && !counts.has("processing") && counts;
  }, { timeoutMs: SETTLE_TIMEOUT_MS });
  if (!counts) {
    throw new Error(
      `After four minutes the inbox lacks some of ${expected} events, or has open ones.`,
    );
  }
  return counts;
}

/** The orders that the seller sees. */
export async function countOrders(seller: Seller): Promise<number> {
  const { count, error } = await seller.client.from("orders")
    .select("*", { count: "exact", head: true });
  if (error) throw new Error(`The orders could not be counted: ${error.code}`);
  return count ?? 0;
}

/** The seller's first five orders. */
export async function describeOrders(seller: Seller): Promise<string> {
  const columns =
    "tiktok_order_id, order_status, total_amount, currency, shipping_address, order_items";
  const orders = unwrap(
    "orders",
    await seller.client.from("orders").select(columns).order("created_at").limit(5),
  );
  return recordTable(orders.map((order) => {
    const { city } = order.shipping_address as { city: string | null };
    const [item] = order.order_items as { quantity: number; product_name: string }[];
    return {
      order: order.tiktok_order_id,
      status: order.order_status,
      total: `${order.total_amount.toFixed(2)} ${order.currency}`,
      items: `${item?.quantity} x ${item?.product_name}`,
      city,
    };
  }));
}

/** A table with the records' keys as its head. */
export function recordTable(records: Record<string, unknown>[]): string {
  const columns = Object.keys(records[0] ?? {});
  const rows = records.map((record) => columns.map((column) => String(record[column])));
  return formatTable([columns, ...rows], { indent: "  " });
}
