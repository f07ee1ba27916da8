/** Sellers with a shop each, in our schema and in the requested one. */
import type postgres from "postgres";
import { TOKEN, withoutTriggers } from "./database.ts";

/**
 * Sellers 1 to `count` with the largest plan, in our schema and in the requested one. Their counters and sums are
 * there, as after the first order of a month.
 */
export async function addSellers(sql: postgres.Sql, count: number): Promise<void> {
  await sql.unsafe(await Deno.readTextFile(new URL("requested.sql", import.meta.url))).simple();
  await sql`update public.plans set monthly_order_limit = 100000000`;
  await withoutTriggers(sql, async (transaction) => {
    await transaction`
      create table requested.sellers as
      select n, md5('user ' || n)::uuid as user_id, md5('shop ' || n)::uuid as shop_id,
        (7490000000000000000 + n)::text as tiktok_id, 'seller-' || n || '@example.com' as email
      from generate_series(1, ${count}::integer) as n`;
    await transaction`insert into public.users (id, email) select user_id, email from requested.sellers`;
    await transaction`
      insert into public.subscriptions (user_id, stripe_customer_id, stripe_customer_id_hash, plan_name, status)
      select user_id, ${TOKEN}, n::text, 'scale', 'active' from requested.sellers`;
    await transaction`
      insert into private.tiktok_logins (user_id, open_id) select user_id, 'o' from requested.sellers`;
    await transaction`
      insert into public.tiktok_shops (id, user_id, shop_id, shop_cipher, open_id, access_token,
        refresh_token, token_expires_at, refresh_token_expires_at)
      select shop_id, user_id, tiktok_id, 'c', 'o', ${TOKEN}, ${TOKEN}, now() + interval '6 days',
        now() + interval '1 year'
      from requested.sellers`;
    await transaction`
      insert into private.monthly_order_counts (user_id, month)
      select user_id, private.current_month() from requested.sellers`;
    await transaction`
      insert into private.monthly_shop_counts (shop_key, month)
      select shop_key, private.current_month() from public.tiktok_shops`;
    await transaction`
      insert into private.order_totals (user_id, currency, month)
      select user_id, 'USD', private.current_month() from requested.sellers`;
    await transaction`insert into requested.users (id, email) select user_id, email from requested.sellers`;
    await transaction`
      insert into requested.tiktok_shops (id, user_id, shop_id)
      select shop_id, user_id, tiktok_id from requested.sellers`;
    await transaction`
      insert into requested.subscriptions (user_id, stripe_customer_id, plan_name, status)
      select user_id, 'c', 'scale', 'active' from requested.sellers`;
  });
}

/** Orders of the past, so that plans, indexes and kept sums are those of tables with rows. */
export async function addPastOrders(sql: postgres.Sql, count: number): Promise<void> {
  await withoutTriggers(sql, async (transaction) => {
    await transaction`
      insert into public.orders (user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, currency,
        total_amount, shipping_address, address_status, order_items, tiktok_updated_at, created_at)
      select user_id, shop_id, 'past ' || i, 'COMPLETED', 'USD', 10, '{}', 'none', '[]', now(),
        now() - interval '40 days'
      from generate_series(1, ${count}::integer) as i
      join requested.sellers on n = 1 + i % (select count(*) from requested.sellers)`;
    await transaction`
      insert into private.order_totals (user_id, currency, month, orders, amount, last_order_at)
      select user_id, 'USD', private.current_month(), count(*), 1000 * count(*), max(created_at)
      from public.orders group by user_id
      on conflict (user_id, currency) do update
      set orders = excluded.orders, amount = excluded.amount, last_order_at = excluded.last_order_at`;
    await transaction`
      insert into requested.orders (user_id, tiktok_shop_id, tiktok_order_id, total_amount,
        shipping_address, order_items, created_at)
      select user_id, tiktok_shop_id, tiktok_order_id, 10, '{}', '[]', created_at from public.orders`;
    await transaction`
      insert into public.order_events (order_id, user_id, event_type, happened_at)
      select id, user_id, 'ORDER_STATUS_CHANGE', created_at from public.orders`;
    await transaction`
      insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body, status, settled_at)
      select 'tiktok', 'past ' || i, 'ORDER_STATUS_CHANGE', tiktok_id, 'past ' || i, '{}', 'done', now()
      from generate_series(1, ${count}::integer) as i
      join requested.sellers on n = 1 + i % (select count(*) from requested.sellers)`;
  });
  await sql`vacuum analyze`;
}
