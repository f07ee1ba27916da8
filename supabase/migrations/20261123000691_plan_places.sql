-- Places in the plan: which orders count, and whether there is a place for one more.

/*
  Arguments: p_shop; p_order, an order that is not stored.
  Returns:   false for an order that a platform's warehouse ships, for one that was cancelled before payment, and for
             one that was finished when its shop connected: placed before, and finished when it was first read.
*/
create function private.counts_for_plan(p_shop public.tiktok_shops, p_order jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  if p_order ->> 'fulfillment_type' <> 'FULFILLMENT_BY_SELLER'
    or (p_order ->> 'order_status' = 'cancelled' and p_order ->> 'payment_status' = 'cancelled')
  then
    return false;
  end if;
  if private.order_urgency(p_order ->> 'order_status') < 3
    or coalesce(p_order ->> 'tiktok_created_at', p_order ->> 'tiktok_updated_at')::timestamptz >= p_shop.connected_at
  then
    return true;
  end if;
  -- Held since then: it was not finished at its first reading.
  return exists (
    select from private.held_orders
    where shop_id = p_shop.shop_id
      and tiktok_order_id = p_order ->> 'tiktok_order_id'
      and held_at >= p_shop.connected_at
  );
end;
$$;
comment on function private.counts_for_plan(public.tiktok_shops, jsonb) is
  'Part of ingest_order: whether a new order uses a place of the monthly limit.';
grant execute on function private.counts_for_plan(public.tiktok_shops, jsonb) to service_role;

create function private.free_places(p_user_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return greatest(private.monthly_order_limit(p_user_id) - private.monthly_order_count(p_user_id), 0);
end;
$$;
comment on function private.free_places(uuid) is
  'Number of orders that the plan of a seller still allows this month.';
grant execute on function private.free_places(uuid) to service_role;

create function private.free_shop_places(p_shop public.tiktok_shops)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return greatest(
    private.monthly_order_limit(p_shop.user_id) - private.monthly_shop_count(p_shop.shop_key), 0
  );
end;
$$;
comment on function private.free_shop_places(public.tiktok_shops) is
  'Number of orders that the plan of its seller still allows a shop this month, after those in other accounts.';
grant execute on function private.free_shop_places(public.tiktok_shops) to service_role;

create view private.undecided_events with (security_invoker = true) as
select shop.user_id, event.event_id
from public.tiktok_shops as shop
join private.event_queue as event on event.shop_id = shop.shop_id
where shop.connection_status = 'active'
  and event.is_found_order
  -- Open, in the words of idx_event_queue_found: in a burst, indexes of all open events are long.
  and event.status not in ('failing', 'held', 'dead')
  -- An order that could not be read for an hour does not stop the others.
  and event.received_at > now() - interval '1 hour';
comment on view private.undecided_events is 'Orders of each seller that a search found and that were not read yet: each may be more urgent than the order at hand.';
grant select on private.undecided_events to service_role;

/*
  Arguments: p_user_id; p_without, events that the caller decides now.
  Returns:   the number of events, at most the free places: more make no difference.
*/
create function private.undecided_orders(p_user_id uuid, p_without bigint[] default '{}')
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select count(*)::integer
    from (
      select
      from private.undecided_events
      where user_id = p_user_id and event_id <> all (p_without)
      limit private.free_places(p_user_id)
    ) as undecided
  );
end;
$$;
comment on function private.undecided_orders(uuid, bigint[]) is
  'Number of orders of a seller that were found and not read yet.';
grant execute on function private.undecided_orders(uuid, bigint[]) to service_role;

create function private.has_held_orders(p_user_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return exists (
    select
    from public.tiktok_shops as shop
    join private.held_orders as held on held.shop_id = shop.shop_id
    where shop.user_id = p_user_id
  );
end;
$$;
comment on function private.has_held_orders(uuid) is
  'Whether an order of a seller waits for a place.';
grant execute on function private.has_held_orders(uuid) to service_role;

/*
  Arguments: p_shop; p_events of new orders of the shop, which may all count; p_spare, how many places have to stay free.
  Returns:   the limit of the plan if it has a place for each, whatever its urgency: also for all orders that wait and
             those that are not read yet; else null.
*/
create function private.limit_with_room(p_shop public.tiktok_shops, p_events bigint[], p_spare integer default 0)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  plan_limit integer := private.monthly_order_limit(p_shop.user_id);
  free integer := plan_limit - cardinality(p_events) - p_spare;
  this_month date;
begin
  -- A small plan never has many spare places: nothing else is read then.
  if free < 0 then
    return null;
  end if;
  this_month := private.current_month();
  free := free - greatest(
    0,
    (select orders from private.monthly_order_counts where user_id = p_shop.user_id and month = this_month),
    (select orders from private.monthly_shop_counts where shop_key = p_shop.shop_key and month = this_month)
  );
  return case
    when free >= (
      select count(*)
      from (
        select
        from public.tiktok_shops as shop
        join private.held_orders as held on held.shop_id = shop.shop_id
        where shop.user_id = p_shop.user_id
        union all
        select
        from private.undecided_events
        where user_id = p_shop.user_id and event_id <> all (p_events)
        limit greatest(free, 0) + 1
      ) as earlier
    ) then plan_limit
  end;
end;
$$;
comment on function private.limit_with_room(public.tiktok_shops, bigint[], integer) is
  'Part of ingest_order: whether has_place would find a place for each of some new orders; binding as has_place is.';
grant execute on function private.limit_with_room(public.tiktok_shops, bigint[], integer) to service_role;

/*
  Arguments: p_shop; p_order, a new order that counts; p_undecided, see undecided_orders.
  Returns:   whether its seller and its shop have a place left for it after all orders that come before it; binding
             while both counters are locked.
*/
create function private.has_place(p_shop public.tiktok_shops, p_order jsonb, p_undecided integer)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  places integer := private.free_places(p_shop.user_id) - p_undecided;
  shop_places integer := private.free_shop_places(p_shop) - p_undecided;
  own private.held_orders;
  waiting integer;
begin
  -- 1. Enough places for all that wait: nearly always none does.
  select count(*) into waiting
  from (
    select
    from public.tiktok_shops as shop
    join private.held_orders as held on held.shop_id = shop.shop_id
    where shop.user_id = p_shop.user_id
    limit greatest(places, 0)
  ) as held;
  if waiting < least(places, shop_places) then
    return true;
  end if;
  -- 2. Count those that come before it; what TikTok left out this time is known since it was held.
  select * into own
  from private.held_orders
  where shop_id = p_shop.shop_id and tiktok_order_id = p_order ->> 'tiktok_order_id';
  -- Those of a shop without places of its own stand in the way of no other shop.
  return (
    select coalesce(sum(earlier.orders), 0) < places
      and coalesce(sum(earlier.orders) filter (where shop.id = p_shop.id), 0) < shop_places
    from public.tiktok_shops as shop
    cross join lateral (
      select count(*) as orders
      from (
        select
        from private.waiting_orders as waits
        where waits.user_id = p_shop.user_id
          and waits.shop_id = shop.shop_id
          and (waits.shop_id, waits.tiktok_order_id) <> (p_shop.shop_id, p_order ->> 'tiktok_order_id')
          and (waits.urgency, waits.ship_order, waits.age_order, waits.held_at, waits.tiktok_order_id) < (
            private.order_urgency(coalesce(p_order ->> 'order_status', own.order_status)),
            coalesce((p_order ->> 'ship_by')::timestamptz, own.ship_by, 'infinity'),
            coalesce((p_order ->> 'tiktok_created_at')::timestamptz, own.tiktok_created_at, 'infinity'),
            coalesce(own.held_at, 'infinity'),
            p_order ->> 'tiktok_order_id'
          )
        limit greatest(least(places, private.free_shop_places(shop) - p_undecided), 0)
      ) as listed
    ) as earlier
    where shop.user_id = p_shop.user_id
  );
end;
$$;
comment on function private.has_place(public.tiktok_shops, jsonb, integer) is
  'Part of ingest_order: whether the plan has a place for an order and its shop besides the more urgent ones that wait or are not read yet.';
grant execute on function private.has_place(public.tiktok_shops, jsonb, integer) to service_role;
