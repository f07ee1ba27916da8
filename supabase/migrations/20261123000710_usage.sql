-- What a seller's plan allows, and what waits for it.

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
  'Of the caller. Definer, because sellers may not read the counters and the inbox; it asks auth.uid() and takes no argument.';
grant execute on function private.own_usage() to authenticated;

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
  'The caller''s plan this month: {used, limit, held (orders that wait for the plan or the next month), month_ends_at (from then on used is 0 again)}.';
grant execute on function public.get_usage() to authenticated;
