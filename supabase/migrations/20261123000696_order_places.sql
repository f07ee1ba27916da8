-- Counters of the seller and the shop, and places in the plan, while orders are stored.

create function private.lock_monthly_count(p_user_id uuid)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform 1 from private.monthly_order_counts
  where user_id = p_user_id and month = private.current_month()
  for update;
  if not found then
    insert into private.monthly_order_counts (user_id, month)
    values (p_user_id, private.current_month())
    on conflict (user_id, month) do nothing;
    perform 1 from private.monthly_order_counts
    where user_id = p_user_id and month = private.current_month()
    for update;
  end if;
end;
$$;
comment on function private.lock_monthly_count(uuid) is
  'Locks the order counter of a seller until the transaction ends, so orders of one seller are decided one at a time.';
grant execute on function private.lock_monthly_count(uuid) to service_role;

create function private.was_cancelled_unpaid(before public.orders, after public.orders)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- From awaiting_shipment on, an order with cash on delivery has needed work before it was paid.
  return before.payment_status = 'pending'
    and before.order_status in ('received', 'on_hold')
    and after.payment_status = 'cancelled'
    and after.order_status = 'cancelled';
end;
$$;
comment on function private.was_cancelled_unpaid(public.orders, public.orders) is
  'Whether a stored order was cancelled before payment, so its place is given back.';
grant execute on function private.was_cancelled_unpaid(public.orders, public.orders) to service_role;

create function private.lock_order_counts(p_shop public.tiktok_shops)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('orders:' || p_shop.shop_key, 0));
  perform private.lock_monthly_count(p_shop.user_id);
  perform 1 from private.monthly_shop_counts
  where shop_key = p_shop.shop_key and month = private.current_month()
  for update;
  if not found then
    insert into private.monthly_shop_counts (shop_key, month)
    values (p_shop.shop_key, private.current_month())
    on conflict (shop_key, month) do nothing;
    perform 1 from private.monthly_shop_counts
    where shop_key = p_shop.shop_key and month = private.current_month()
    for update;
  end if;
end;
$$;
comment on function private.lock_order_counts(public.tiktok_shops) is
  'Locks the order counter of a seller, then that of the shop: another account may receive its orders at the same time; first it waits for those who count last.';
grant execute on function private.lock_order_counts(public.tiktok_shops) to service_role;

create function private.share_order_counts(p_shop public.tiktok_shops)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('orders:' || p_shop.shop_key, 0));
end;
$$;
comment on function private.share_order_counts(public.tiktok_shops) is
  'In place of lock_order_counts, for those who lock the counters last: excludes those who hold them and wait for an event or an order.';
grant execute on function private.share_order_counts(public.tiktok_shops) to service_role;

create function private.spare_places()
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return 1000;
end;
$$;
comment on function private.spare_places() is
  'With so many free places more than orders the counters are locked last: others cannot use them up in the time of a call.';
grant execute on function private.spare_places() to service_role;

/*
  Arguments: p_shop; p_event_id, p_order and p_notice of ingest_order.
  Returns:   as limit_counted_last.
*/
create function private.limit_of_order(
  p_shop public.tiktok_shops,
  p_event_id bigint,
  p_order jsonb,
  p_notice jsonb
)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if p_order ->> 'payment_status' = 'cancelled' and p_order ->> 'order_status' = 'cancelled' then
    return null;
  end if;
  if exists (
    select from public.orders
    where user_id = p_shop.user_id
      and tiktok_shop_id = p_shop.id and tiktok_order_id = p_order ->> 'tiktok_order_id'
  ) then
    return 0;
  end if;
  if p_notice ?| array['refund_id', 'refund_total'] then
    return null;
  end if;
  return private.limit_with_room(p_shop, array[p_event_id], private.spare_places());
end;
$$;
comment on function private.limit_of_order(public.tiktok_shops, bigint, jsonb, jsonb) is
  'Part of ingest_order: as limit_counted_last, for one order.';
grant execute on function private.limit_of_order(public.tiktok_shops, bigint, jsonb, jsonb) to service_role;

/*
  Arguments: p_shop; p_items [{event_id, order, notice}].
  Returns:   null if something about them depends on how many places are left: a stored one gives its place back, or the
             plan has not many places more than new ones. Else the limit of the plan, 0 if none of them is new.
*/
create function private.limit_counted_last(p_shop public.tiktok_shops, p_items jsonb)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  new_events bigint[];
  depends_on_places boolean;
begin
  select
    array_agg(listed.event_id) filter (where listed.stored is null),
    bool_or(listed.was_cancelled_unpaid or (listed.stored is null and listed.has_refund))
  into new_events, depends_on_places
  from (
    select
      (item ->> 'event_id')::bigint as event_id,
      item #>> '{order,payment_status}' = 'cancelled' and item #>> '{order,order_status}' = 'cancelled'
        as was_cancelled_unpaid,
      item -> 'notice' ?| array['refund_id', 'refund_total'] as has_refund,
      -- Looked up by its key for each: a join might read all orders of the shop.
      (
        select id
        from public.orders
        where user_id = p_shop.user_id
          and tiktok_shop_id = p_shop.id and tiktok_order_id = item #>> '{order,tiktok_order_id}'
      ) as stored
    from jsonb_array_elements(p_items) as item
  ) as listed;
  if depends_on_places then
    return null;
  end if;
  if new_events is null then
    return 0;
  end if;
  return private.limit_with_room(p_shop, new_events, private.spare_places());
end;
$$;
comment on function private.limit_counted_last(public.tiktok_shops, jsonb) is
  'Part of ingest_order and ingest_orders: whether the counters of the seller and the shop can be locked last.';
grant execute on function private.limit_counted_last(public.tiktok_shops, jsonb) to service_role;

/*
  Arguments: p_shop; p_order, an order that is not stored; p_events, those that the caller decides now.
  Returns:   the stored order; null if it is held.
*/
create function private.insert_or_hold_order(p_shop public.tiktok_shops, p_order jsonb, p_events bigint[])
returns public.orders
language plpgsql
security invoker
set search_path = ''
as $$
declare
  inserted public.orders;
begin
  if private.counts_for_plan(p_shop, p_order) and not (
    public.check_order_limit(p_shop.user_id)
    and private.check_shop_limit(p_shop)
    and private.has_place(p_shop, p_order, private.undecided_orders(p_shop.user_id, p_events))
  ) then
    perform private.hold_order(p_shop.shop_id, p_order);
    return null;
  end if;
  select * into inserted from private.insert_orders(p_shop, array[p_order]);
  perform private.count_orders(p_shop, inserted.counts_for_plan::integer, (not inserted.counts_for_plan)::integer);
  perform private.add_order_totals(inserted);
  return inserted;
end;
$$;
comment on function private.insert_or_hold_order(public.tiktok_shops, jsonb, bigint[]) is
  'Part of ingest_order: inserts a new order that does not count or has a place, and holds any other; the counters are locked.';
grant execute on function private.insert_or_hold_order(public.tiktok_shops, jsonb, bigint[]) to service_role;
