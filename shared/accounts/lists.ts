/** Lists of a seller's orders and shipments as CSV. */
import { callFunction } from "../database/call_function.ts";
import type { DatabaseClient } from "../database/client.ts";
import { csvLines } from "./csv.ts";
import { Page, readPages, type Row } from "./pages.ts";

export interface TimeRange {
  /** ISO 8601. */
  from: string;
  /** Not included. */
  to: string;
}

/** Rows, or orders with shipments, of one page. */
const PAGE_ROWS = 1000;

const ORDER_COLUMNS = [
  "ordered_at",
  "tiktok_order_id",
  "order_id",
  "shop_id",
  "shop_name",
  "order_kind",
  "order_status",
  "payment_status",
  "currency",
  "total_amount",
  "shipping_cost",
  "paid_at",
  "refunded",
  "items",
  "state",
  "country",
  "stored_at",
] as const;

const SHIPMENT_COLUMNS = [
  "created_at",
  "shipment_id",
  "tiktok_order_id",
  "tiktok_order_ids",
  "order_id",
  "provider",
  "carrier",
  "service_type",
  "tracking_number",
  "status",
  "units",
  "currency",
  "cost",
  "quoted_cost",
  "estimated_delivery",
  "tiktok_notified_at",
] as const;

async function* toCsv(
  columns: readonly string[],
  pages: AsyncIterable<Row[]>,
): AsyncGenerator<string> {
  let header = true;
  for await (const rows of pages) {
    if (header || rows.length > 0) yield csvLines(columns, rows, { header });
    header = false;
  }
}

function listCsv(
  database: DatabaseClient,
  list: "list_orders_of_seller" | "list_shipments_of_seller",
  columns: readonly string[],
  args: { p_user_id: string; p_from: string; p_to: string },
): AsyncGenerator<string> {
  const pages = readPages((after) =>
    callFunction(database, list, { ...args, p_limit: PAGE_ROWS, p_after: after }, Page)
  );
  return toCsv(columns, pages);
}

/** Orders that buyers placed in the range. @throws {DatabaseError} not found: the account was deleted */
export function ordersCsv(database: DatabaseClient, userId: string, { from, to }: TimeRange) {
  const args = { p_user_id: userId, p_from: from, p_to: to };
  return listCsv(database, "list_orders_of_seller", ORDER_COLUMNS, args);
}

/** Shipments that were created in the range. @throws {DatabaseError} not found: the account was deleted */
export function shipmentsCsv(database: DatabaseClient, userId: string, { from, to }: TimeRange) {
  const args = { p_user_id: userId, p_from: from, p_to: to };
  return listCsv(database, "list_shipments_of_seller", SHIPMENT_COLUMNS, args);
}
