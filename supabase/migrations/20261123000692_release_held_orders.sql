-- Held orders are due again as soon as the plan has places for them.

/*
  Arguments: p_user_id, one seller; null means every seller.
  Returns:   the number of events, at most max_reopened_events: the rest is left to the next call.
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
  -- 1. Find the shops with held orders, and the places that has_place would give them.
  -- 2. Choose as many of their most urgent orders. 3. Lock the events of these orders.
  with shops as materialized (
    select
      shop.user_id,
      shop.shop_id,
      private.free_places(shop.user_id) - undecided.orders as places,
      private.free_shop_places(shop) - undecided.orders as shop_places
    from public.tiktok_shops as shop
    cross join lateral (select private.undecided_orders(shop.user_id) as orders) as undecided
    where shop.connection_status = 'active'
      and (p_user_id is null or shop.user_id = p_user_id)
      and exists (select from private.held_orders as held where held.shop_id = shop.shop_id)
  ), queue_of_shop as (
    select waits.*, shops.places
    from shops
    -- Lateral, so that only shops with a place are read, and no more of their orders than places.
    cross join lateral (
      select *
      from private.waiting_orders as waits
      where waits.shop_id = shops.shop_id
      order by waits.urgency, waits.ship_order, waits.age_order, waits.held_at, waits.tiktok_order_id
      limit greatest(least(shops.places, shops.shop_places), 0)
    ) as waits
    where least(shops.places, shops.shop_places) > 0
  ), queue as (
    select
      shop_id,
      tiktok_order_id,
      places,
      row_number() over (
        partition by user_id order by urgency, ship_order, age_order, held_at, tiktok_order_id
      ) as place
    from queue_of_shop
  ), locked as (
    select event.id
    from queue
    join private.webhook_events as event
      on event.shop_id = queue.shop_id and event.object_id = queue.tiktok_order_id
    where queue.place <= queue.places and event.status = 'held'
    order by queue.place
    limit private.max_reopened_events()
    -- A locked one is being reopened by another transaction.
    for update of event skip locked
  )
  select coalesce(array_agg(id), '{}') into chosen from locked;
  -- 4. Reopen them.
  perform private.reopen_webhook_events(chosen);
  return cardinality(chosen);
end;
$$;
comment on function public.release_held_events(uuid) is
  'Makes the most urgent held orders due again, as many as the plan has places for, a part in each call; ingest_order checks the limit again for each.';
grant execute on function public.release_held_events(uuid) to service_role;
