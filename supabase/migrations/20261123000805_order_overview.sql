-- Counts of a seller's first page, in one call.

/*
  Returns:   {to_ship, late, due_soon, awaiting_collection, in_transit, hours: [{hour, orders}]}: orders that have to be
             shipped, those of them whose time to ship is over, and those that have it within a day, late ones
             included; orders that wait for the carrier, and that are with it; new orders of the last 24 hours (UTC),
             the present one last.
*/
create function public.get_order_overview()
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  this_hour timestamptz := date_bin('1 hour', now(), '2000-01-01 00:00:00+00');
begin
  return (
    select jsonb_build_object(
      'to_ship', count(*) filter (where own.is_to_ship),
      'late', count(*) filter (where own.is_to_ship and own.ship_by < now()),
      'due_soon', count(*) filter (where own.is_to_ship and own.ship_by < now() + interval '1 day'),
      'awaiting_collection', count(*) filter (where own.order_status = 'awaiting_collection'),
      'in_transit', count(*) filter (where own.order_status = 'in_transit'),
      'hours', (
        select jsonb_agg(
          jsonb_build_object('hour', listed.hour, 'orders', coalesce(counted.orders, 0)) order by listed.hour
        )
        from generate_series(this_hour - interval '23 hours', this_hour, interval '1 hour') as listed (hour)
        left join (
          select date_bin('1 hour', created_at, '2000-01-01 00:00:00+00') as hour, count(*) as orders
          from public.orders
          where created_at >= this_hour - interval '23 hours'
          group by 1
        ) as counted on counted.hour = listed.hour
      )
    )
    from (
      select order_status, ship_by, order_status in ('awaiting_shipment', 'partially_shipped') as is_to_ship
      from public.orders
      where order_status in ('awaiting_shipment', 'partially_shipped', 'awaiting_collection', 'in_transit')
    ) as own
  );
end;
$$;
comment on function public.get_order_overview() is
  'Orders of the caller by their state, and the new ones of each of the last 24 hours.';
grant execute on function public.get_order_overview() to authenticated;
