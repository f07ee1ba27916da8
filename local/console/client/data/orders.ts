/** The list of orders, page by page: docs/sellers-view.md. */
import { isRowId } from "../ids.ts";
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

/** Newest first; one row more than a page shows whether there is another. @throws {CallError} */
export async function listOrders(filter: OrderFilter, after: Cursor | null): Promise<OrderPage> {
  // Such as of an address that was changed by hand: that shop has no orders.
  if (filter.shop && !isRowId(filter.shop)) return { orders: [], total: 0, hasOlder: false };
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
