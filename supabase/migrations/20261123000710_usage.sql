-- Usage of the plan, and the orders that wait for more of it.

create function private.own_usage()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'used', private.monthly_order_count(seller.id),
    'limit', private.monthly_order_limit(seller.id),
    'held', (
      select count(distinct (event.shop_id, event.object_id))
      from public.tiktok_shops as shop
      join private.webhook_events as event
        on event.shop_id = shop.shop_id and event.status = 'held'
      where shop.user_id = seller.id and shop.connection_status = 'active'
    ),
    'month_ends_at',
    (date_trunc('month', now() at time zone 'UTC') + interval '1 month') at time zone 'UTC'
  )
  from public.users as seller
  where seller.id = (select auth.uid());
$$;
comment on function private.own_usage() is
  'Plan usage of the caller; definer, because sellers may not read the counters and the inbox: it reads auth.uid() and takes no argument.';
grant execute on function private.own_usage() to authenticated;

/*
  Returns:   {used, limit, held, month_ends_at}: held counts the orders that wait for a larger plan or the next month;
             at month_ends_at used becomes 0.
*/
create function public.get_usage()
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.own_usage();
$$;
comment on function public.get_usage() is
  'Plan usage of the caller in the current month.';
grant execute on function public.get_usage() to authenticated;

/*
  Arguments: p_user_id, one seller; null means every seller.
  Returns:   the number of events.
*/
create function public.release_held_events(p_user_id uuid default null)
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
declare
  chosen bigint[];
begin
  -- 1. List the held orders of each seller. 2. Compute the room that the plan leaves.
  -- 3. Choose the oldest orders that fit. 4. Lock the events of these orders.
  with held_orders as (
    select shop.user_id, event.shop_id, event.object_id, min(event.received_at) as held_since
    from private.webhook_events as event
    join public.tiktok_shops as shop
      on shop.shop_id = event.shop_id and shop.connection_status = 'active'
    where event.status = 'held'
      and (p_user_id is null or shop.user_id = p_user_id)
    group by shop.user_id, event.shop_id, event.object_id
  ), room as (
    select
      seller.user_id,
      private.monthly_order_limit(seller.user_id) - private.monthly_order_count(seller.user_id) as orders
    from (select distinct user_id from held_orders) as seller
  ), next_orders as (
    select held.shop_id, held.object_id
    from (
      select
        held_orders.*,
        row_number() over (partition by user_id order by held_since, object_id) as place
      from held_orders
    ) as held
    join room on room.user_id = held.user_id
    where held.place <= room.orders
  ), locked as (
    select event.id
    from private.webhook_events as event
    join next_orders on next_orders.shop_id = event.shop_id and next_orders.object_id = event.object_id
    where event.status = 'held'
    for update of event
  )
  select coalesce(array_agg(id), '{}') into chosen from locked;
  -- 5. Reopen them.
  perform private.reopen_webhook_events(chosen);
  return cardinality(chosen);
end;
$$;
comment on function public.release_held_events(uuid) is
  'Makes the oldest held orders due again, as many as the plan has room for; ingest_order checks the limit again for each.';
grant execute on function public.release_held_events(uuid) to service_role;
