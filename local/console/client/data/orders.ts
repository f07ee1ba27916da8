/** The list of orders, page by page: docs/sellers-view.md. */
import { alternatives, type Cursor, readSearch } from "../order_search.ts";
import { supabase } from "../supabase.ts";
import { takeAnswer } from "./take.ts";

export const PAGE_SIZE = 25;

export interface OrderFilter {
  status: string | null;
  /** `tiktok_shops.id`. */
  shop: string | null;
  /** First or last digits of TikTok's order id, or a part of the buyer's name. */
  text: string | null;
}

const COLUMNS = "id, tiktok_order_id, order_status, payment_status, order_kind, " +
  "total_amount::text, currency, created_at, ship_by, cancel_requested_at, " +
  "buyer:shipping_address->>name, order_items, tiktok_shops(shop_name, region)";

/** A product of an order, as far as the console shows it. */
export interface OrderItem {
  product_name: string;
  sku_name: string | null;
  quantity: number;
  unit_price: string;
  total_price: string;
  is_gift: boolean;
  line_item_ids: string[];
  cancelled_line_item_ids: string[];
}

export interface ListedOrder extends Cursor {
  tiktok_order_id: string;
  order_status: string;
  payment_status: string;
  order_kind: string;
  total_amount: string;
  currency: string;
  ship_by: string | null;
  cancel_requested_at: string | null;
  buyer: string | null;
  order_items: OrderItem[];
  tiktok_shops: { shop_name: string | null; region: string | null };
}

export interface OrderPage {
  orders: ListedOrder[];
  total: number;
  hasOlder: boolean;
}

function filterOrders(
  columns: string,
  { status, shop, text }: OrderFilter,
  after: Cursor | null,
) {
  let query = supabase.from("orders").select(columns, { count: "exact" });
  if (status === "to_ship") {
    query = query.in("order_status", ["awaiting_shipment", "partially_shipped"]);
  } else if (status) query = query.eq("order_status", status);
  if (shop) query = query.eq("tiktok_shop_id", shop);
  const { digits, name } = readSearch(text);
  if (name) query = query.ilike("shipping_address->>name", `%${name}%`);
  const either = alternatives(digits, after);
  if (either !== undefined) query = query.or(either);
  return query;
}

/** Newest first; one row more than a page tells whether there is another. @throws {CallError} */
export async function listOrders(filter: OrderFilter, after: Cursor | null): Promise<OrderPage> {
  const { data, count } = await takeAnswer(
    filterOrders(COLUMNS, filter, after)
      .order("created_at", { ascending: false })
      .order("id", { ascending: false })
      .limit(PAGE_SIZE + 1),
  );
  const orders = data as unknown as ListedOrder[];
  return {
    orders: orders.slice(0, PAGE_SIZE),
    total: count ?? 0,
    hasOlder: orders.length > PAGE_SIZE,
  };
}

const HOUR_MS = 3_600_000;
export const CHART_HOURS = 24;
const COUNTED_AT_ONCE = 6;

/** Numbers of past hours do not change. */
const counted = new Map<string, number>();

async function countHour(userId: string, start: number, now: number): Promise<number> {
  const key = `${userId}:${start}`;
  const known = counted.get(key);
  if (known !== undefined) return known;
  const { count } = await takeAnswer(
    supabase.from("orders").select("id", { count: "exact", head: true })
      .gte("created_at", new Date(start).toISOString())
      .lt("created_at", new Date(start + HOUR_MS).toISOString()),
  );
  // Of the last hour a transaction may still be running.
  if (start + 2 * HOUR_MS < now) counted.set(key, count ?? 0);
  return count ?? 0;
}

/** How many orders were stored in each of the last hours, the present one last. @throws {CallError} */
export async function countByHour(
  userId: string,
  now = Date.now(),
): Promise<{ time: number; value: number }[]> {
  const current = Math.floor(now / HOUR_MS) * HOUR_MS;
  const starts = Array.from(
    { length: CHART_HOURS },
    (_, index) => current - (CHART_HOURS - 1 - index) * HOUR_MS,
  );
  const counts: { time: number; value: number }[] = [];
  // Some at a time: what else the page reads does not wait for all of them.
  for (let first = 0; first < starts.length; first += COUNTED_AT_ONCE) {
    const part = starts.slice(first, first + COUNTED_AT_ONCE);
    counts.push(
      ...await Promise.all(
        part.map(async (time) => ({ time, value: await countHour(userId, time, now) })),
      ),
    );
  }
  return counts;
}

/** @throws {CallError} */
export async function countOrdersToShip(): Promise<{ all: number; late: number }> {
  const toShip = () =>
    supabase.from("orders").select("id", { count: "exact", head: true })
      .in("order_status", ["awaiting_shipment", "partially_shipped"]);
  const [all, late] = await Promise.all([
    takeAnswer(toShip()),
    takeAnswer(toShip().lt("ship_by", new Date().toISOString())),
  ]);
  return { all: all.count ?? 0, late: late.count ?? 0 };
}

const DAY_MS = 24 * HOUR_MS;

export interface Stages {
  toShip: number;
  /** Of these: within a day, or too late already. */
  dueSoon: number;
  awaitingCollection: number;
  inTransit: number;
}

/** How many orders are on which part of their way. @throws {CallError} */
export async function countStages(): Promise<Stages> {
  const count = (...states: string[]) =>
    supabase.from("orders").select("id", { count: "exact", head: true })
      .in("order_status", states);
  const toShip = () => count("awaiting_shipment", "partially_shipped");
  const answers = await Promise.all([
    takeAnswer(toShip()),
    takeAnswer(toShip().lt("ship_by", new Date(Date.now() + DAY_MS).toISOString())),
    takeAnswer(count("awaiting_collection")),
    takeAnswer(count("in_transit")),
  ]);
  const [all = 0, dueSoon = 0, awaitingCollection = 0, inTransit = 0] = answers
    .map(({ count }) => count ?? 0);
  return { toShip: all, dueSoon, awaitingCollection, inTransit };
}
