-- The statements of ingest_order for an ordinary order in one function each, which decides nothing: the limit of what a
-- function can reach. p_checks: also the locks and reads that the checks of ingest_order need, one statement for each.

create function requested.lock_and_read(p_tiktok_shop_id uuid, p_tiktok_order_id text)
returns public.tiktok_shops
language plpgsql
set search_path = ''
as $$
declare
  shop public.tiktok_shops;
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('seller:' || user_id, 0)),
    pg_advisory_xact_lock_shared(hashtextextended('shop:' || shop_id, 0))
  from public.tiktok_shops where id = p_tiktok_shop_id;
  select * into shop from public.tiktok_shops where id = p_tiktok_shop_id;
  perform from public.orders
  where user_id = shop.user_id and tiktok_shop_id = p_tiktok_shop_id and tiktok_order_id = p_tiktok_order_id;
  perform pg_advisory_xact_lock_shared(hashtextextended('orders:' || shop.shop_key, 0));
  -- Other events of the order.
  perform from private.webhook_events
  where shop_id = shop.shop_id and object_id = p_tiktok_order_id and status = any ('{held,failing,dead}');
  return shop;
end;
$$;

create function requested.write_order(p_event_id bigint, p_tiktok_shop_id uuid, p_order jsonb, p_checks boolean)
returns uuid
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  this_month date := date_trunc('month', now() at time zone 'UTC');
  shop public.tiktok_shops;
  stored record;
begin
  if p_checks then
    shop := requested.lock_and_read(p_tiktok_shop_id, p_order ->> 'tiktok_order_id');
    perform (
      select max(plans.monthly_order_limit)
      from public.subscriptions as live
      join public.plans on plans.name = live.plan_name
      where live.user_id = shop.user_id and live.status in ('active', 'trialing')
    );
    perform
      (select orders from private.monthly_order_counts where user_id = shop.user_id and month = this_month),
      (select orders from private.monthly_shop_counts where shop_key = shop.shop_key and month = this_month);
    perform from private.held_orders where shop_id = shop.shop_id;
    perform from private.undecided_events where user_id = shop.user_id;
    perform public.check_order_limit(shop.user_id);
  else
    select * into shop from public.tiktok_shops where id = p_tiktok_shop_id;
  end if;
  insert into public.orders (user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, order_status,
    payment_status, currency, total_amount, shipping_cost, shipping_type, customer_email, shipping_address,
    address_status, order_items, fulfillment_type, amounts, paid_at, tiktok_created_at, tiktok_updated_at)
  values (
    shop.user_id, p_tiktok_shop_id, p_order ->> 'tiktok_order_id', p_order ->> 'tiktok_status',
    p_order ->> 'order_status', p_order ->> 'payment_status', p_order ->> 'currency',
    (p_order ->> 'total_amount')::numeric, (p_order ->> 'shipping_cost')::numeric, p_order ->> 'shipping_type',
    p_order ->> 'customer_email', p_order -> 'shipping_address', p_order ->> 'address_status',
    p_order -> 'order_items', p_order ->> 'fulfillment_type', p_order -> 'amounts',
    (p_order ->> 'paid_at')::timestamptz, (p_order ->> 'tiktok_created_at')::timestamptz,
    (p_order ->> 'tiktok_updated_at')::timestamptz
  )
  returning id, order_status, payment_status, tiktok_status, total_amount, tiktok_updated_at into stored;
  insert into public.order_events (order_id, user_id, event_type, webhook_event_id, changes, happened_at)
  values (
    stored.id, shop.user_id, 'ORDER_STATUS_CHANGE', p_event_id,
    jsonb_build_object(
      'order_status', jsonb_build_object('from', null, 'to', stored.order_status),
      'payment_status', jsonb_build_object('from', null, 'to', stored.payment_status),
      'tiktok_status', jsonb_build_object('from', null, 'to', stored.tiktok_status),
      'total_amount', jsonb_build_object('from', null, 'to', stored.total_amount::text)
    ),
    stored.tiktok_updated_at
  );
  update private.webhook_events set status = 'done', settled_at = now() where id = p_event_id;
  update private.monthly_order_counts set orders = orders + 1 where user_id = shop.user_id and month = this_month;
  update private.monthly_shop_counts set orders = orders + 1 where shop_key = shop.shop_key and month = this_month;
  update private.order_totals
  set orders = orders + 1, amount = amount + 4621, month_orders = month_orders + 1,
    month_amount = month_amount + 4621, paid_orders = paid_orders + 1, gross = gross + 4621, last_order_at = now()
  where user_id = shop.user_id and currency = 'USD';
  return stored.id;
end;
$$;

create function requested.write_newer(p_event_id bigint, p_tiktok_shop_id uuid, p_order jsonb, p_checks boolean)
returns uuid
language plpgsql
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  before public.orders;
begin
  if p_checks then
    perform requested.lock_and_read(p_tiktok_shop_id, p_order ->> 'tiktok_order_id');
    select * into before from public.orders
    where tiktok_shop_id = p_tiktok_shop_id and tiktok_order_id = p_order ->> 'tiktok_order_id'
    for no key update;
    perform from private.order_transitions
    where from_status = before.order_status and to_status = p_order ->> 'order_status';
  else
    select * into before from public.orders
    where tiktok_shop_id = p_tiktok_shop_id and tiktok_order_id = p_order ->> 'tiktok_order_id';
  end if;
  update public.orders
  set tiktok_status = p_order ->> 'tiktok_status', order_status = p_order ->> 'order_status',
    tiktok_updated_at = (p_order ->> 'tiktok_updated_at')::timestamptz
  where id = before.id and user_id = before.user_id;
  insert into public.order_events (order_id, user_id, event_type, webhook_event_id, changes, happened_at)
  values (
    before.id, before.user_id, 'ORDER_STATUS_CHANGE', p_event_id,
    jsonb_build_object(
      'order_status', jsonb_build_object('from', before.order_status, 'to', p_order ->> 'order_status'),
      'tiktok_status', jsonb_build_object('from', before.tiktok_status, 'to', p_order ->> 'tiktok_status')
    ),
    (p_order ->> 'tiktok_updated_at')::timestamptz
  );
  update private.webhook_events set status = 'done', settled_at = now() where id = p_event_id;
  return before.id;
end;
$$;
