-- Usage of the plan, and the orders that wait for more of it.

create function private.month_end()
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
begin
  return (date_trunc('month', now() at time zone 'UTC') + interval '1 month') at time zone 'UTC';
end;
$$;
comment on function private.month_end() is
  'First moment of the next month, UTC.';

create function private.own_usage()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'used', private.monthly_order_count(seller.id),
      'limit', private.monthly_order_limit(seller.id),
      'not_counted', coalesce(
        (
          select counted.not_counted
          from private.monthly_order_counts as counted
          where counted.user_id = seller.id and counted.month = private.current_month()
        ),
        0
      ),
      'held', held.orders,
      'held_to_ship', held.to_ship,
      'held_ship_by', held.ship_by,
      'shops', coalesce(
        (
          select jsonb_agg(
            jsonb_build_object('shop_id', shop.shop_id, 'used', private.monthly_shop_count(shop.shop_key))
            order by shop.shop_id
          )
          from public.tiktok_shops as shop
          where shop.user_id = seller.id and shop.connection_status in ('active', 'paused')
        ),
        '[]'
      ),
      'labels', private.label_usage(seller.id),
      'month_ends_at', private.month_end()
    )
    from public.users as seller
    cross join lateral (
      select
        count(*) as orders,
        count(*) filter (where waits.urgency = 1) as to_ship,
        min(waits.ship_by) filter (where waits.urgency = 1) as ship_by
      from private.waiting_orders as waits
      where waits.user_id = seller.id
    ) as held
    where seller.id = (select auth.uid())
  );
end;
$$;
comment on function private.own_usage() is
  'Plan usage of the caller; definer, because sellers may not read the counters and the inbox: it reads auth.uid() and takes no argument.';
grant execute on function private.own_usage() to authenticated;

/*
  Returns:   {used, limit, not_counted, held, held_to_ship, held_ship_by, shops, labels, month_ends_at}: not_counted are stored orders
             that use no place; held counts the orders that wait for a larger plan or the next month, held_to_ship those
             that have to be shipped, held_ship_by is the earliest time of these; shops
             [{shop_id, used}] are the connected ones, with what each used of the same limit in all accounts; labels,
             see private.label_usage; at month_ends_at used becomes 0.
*/
create function public.get_usage()
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return private.own_usage();
end;
$$;
comment on function public.get_usage() is
  'Plan usage of the caller in the current month.';
grant execute on function public.get_usage() to authenticated;

create function private.own_held_orders(p_limit integer, p_offset integer)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    with own as (
      select
        waits.*,
        row_number() over (
          order by waits.urgency, waits.ship_order, waits.age_order, waits.held_at, waits.tiktok_order_id
        ) as place
      from private.waiting_orders as waits
      where waits.user_id = (select auth.uid())
    )
    select jsonb_build_object(
      'total', (select count(*) from own),
      'orders', coalesce(
        (
          select jsonb_agg(
            jsonb_build_object(
              'place', page.place,
              'shop_id', page.shop_id,
              'tiktok_order_id', page.tiktok_order_id,
              'order_status', page.order_status,
              'ship_by', page.ship_by,
              'tiktok_created_at', page.tiktok_created_at,
              'held_at', page.held_at
            )
            order by page.place
          )
          from (select * from own order by place limit p_limit offset p_offset) as page
        ),
        '[]'
      ),
      'month_ends_at', private.month_end()
    )
  );
end;
$$;
comment on function private.own_held_orders(integer, integer) is
  'Held orders of the caller; definer, because sellers may not read the inbox: it reads auth.uid().';
grant execute on function private.own_held_orders(integer, integer) to authenticated;

/*
  Arguments: p_limit, 1 to 1000; p_offset, how many to skip.
  Returns:   {total, orders: [{place, shop_id, tiktok_order_id, order_status, ship_by, tiktok_created_at, held_at}],
             month_ends_at}: the most urgent first, the next to be stored has place 1; shop_id is TikTok's;
             at month_ends_at at the latest, places are free again.
  Errors:    PT400, invalid limit or offset.
*/
create function public.get_held_orders(p_limit integer default 100, p_offset integer default 0)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if p_limit is null or p_limit not between 1 and 1000 or p_offset is null or p_offset < 0 then
    raise exception 'p_limit has to be 1 to 1000, p_offset 0 or more' using errcode = 'PT400';
  end if;
  return private.own_held_orders(p_limit, p_offset);
end;
$$;
comment on function public.get_held_orders(integer, integer) is
  'Orders of the caller that wait for a place in the plan, without any data of the buyer.';
grant execute on function public.get_held_orders(integer, integer) to authenticated;
