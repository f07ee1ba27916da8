/** Plain statements that write the rows of an order without any check: the limit of what storing it can cost. */
import type postgres from "postgres";
import { orderRow, type Received } from "./ingest.ts";

/** The timeline's changes of a new order. */
function changesOf(row: ReturnType<typeof orderRow>) {
  return {
    order_status: { from: null, to: row.order_status },
    payment_status: { from: null, to: row.payment_status },
    tiktok_status: { from: null, to: row.tiktok_status },
    total_amount: { from: null, to: row.total_amount },
  };
}

/** One statement that writes what `ingest_order` writes; triggers write the statistics and the broadcast. */
export async function writeSameRows(
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
    sql.json(changesOf(row))
  }, tiktok_updated_at from stored
    ), seller as (
      update private.monthly_order_counts set orders = orders + 1
      where user_id = ${user} and month = date_trunc('month', now() at time zone 'UTC')::date
    ), shop as (
      update private.monthly_shop_counts set orders = orders + 1
      where shop_key = (select shop_key from public.tiktok_shops where id = ${shop})
        and month = date_trunc('month', now() at time zone 'UTC')::date
    ), totals as (
      update private.order_totals
      set orders = orders + 1, amount = amount + 4621, month_orders = month_orders + 1,
        month_amount = month_amount + 4621, paid_orders = paid_orders + 1, gross = gross + 4621,
        last_order_at = now()
      where user_id = ${user} and currency = ${row.currency}
    )
    update private.webhook_events set status = 'done', settled_at = now() where id = ${event}`;
}

/** One statement that writes what `ingest_orders` writes for new orders of one shop, without any check. */
export async function writeSameBatch(sql: postgres.Sql, batch: Received[]): Promise<void> {
  const { user = "", shop = "" } = batch[0] ?? {};
  const items = batch.map(({ event, order }) => ({ event, order: orderRow(order) }));
  await sql`
    with listed as materialized (
      select (item ->> 'event')::bigint as event, item -> 'order' as o
      from jsonb_array_elements(${sql.json(items)}) as item
    ), stored as (
      insert into public.orders (user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, order_status,
        payment_status, currency, total_amount, shipping_cost, shipping_type, customer_email, shipping_address,
        address_status, order_items, fulfillment_type, amounts, paid_at, tiktok_created_at, tiktok_updated_at)
      select ${user}, ${shop}, o ->> 'tiktok_order_id', o ->> 'tiktok_status', o ->> 'order_status',
        o ->> 'payment_status', o ->> 'currency', (o ->> 'total_amount')::numeric, (o ->> 'shipping_cost')::numeric,
        o ->> 'shipping_type', o ->> 'customer_email', o -> 'shipping_address', o ->> 'address_status',
        o -> 'order_items', o ->> 'fulfillment_type', o -> 'amounts', (o ->> 'paid_at')::timestamptz,
        (o ->> 'tiktok_created_at')::timestamptz, (o ->> 'tiktok_updated_at')::timestamptz
      from listed
      returning id, user_id, tiktok_order_id, tiktok_updated_at
    ), timeline as (
      insert into public.order_events (order_id, user_id, event_type, webhook_event_id, changes, happened_at)
      select id, user_id, 'ORDER_STATUS_CHANGE', event, ${
    sql.json(changesOf(orderRow("")))
  }, tiktok_updated_at
      from stored join listed on o ->> 'tiktok_order_id' = tiktok_order_id
    ), seller as (
      update private.monthly_order_counts set orders = orders + ${batch.length}
      where user_id = ${user} and month = date_trunc('month', now() at time zone 'UTC')::date
    ), shop as (
      update private.monthly_shop_counts set orders = orders + ${batch.length}
      where shop_key = (select shop_key from public.tiktok_shops where id = ${shop})
        and month = date_trunc('month', now() at time zone 'UTC')::date
    ), totals as (
      update private.order_totals
      set orders = orders + ${batch.length}, amount = amount + 4621, month_orders = month_orders + ${batch.length},
        month_amount = month_amount + 4621, paid_orders = paid_orders + ${batch.length}, gross = gross + 4621,
        last_order_at = now()
      where user_id = ${user} and currency = 'USD'
    )
    update private.webhook_events set status = 'done', settled_at = now()
    where id = any (array(select event from listed))`;
}
