-- Orders that wait for a place in the plan: which orders count, and which one is next.

create function private.order_urgency(p_order_status text)
returns smallint
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case
    when p_order_status in ('on_hold', 'awaiting_shipment', 'partially_shipped') then 1
    when p_order_status in ('delivered', 'completed', 'cancelled') then 3
    else 2
  end::smallint;
end;
$$;
comment on function private.order_urgency(text) is
  'Class of an order_status when places are few: 1, the seller has to ship it; 2, not paid yet or on its way; 3, finished.';
grant execute on function private.order_urgency(text) to service_role;

create function private.order_package_ids(p_order_items jsonb)
returns text[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  packages jsonb := jsonb_path_query_array(p_order_items, '$[*].units[*].package_id ? (@ != null)');
begin
  -- An index calls it for each state of an order: without a query for the ordinary one.
  if jsonb_array_length(packages) = 0 then
    return '{}';
  elsif jsonb_array_length(packages) = 1 then
    return array[packages ->> 0];
  end if;
  return array(select distinct package from jsonb_array_elements_text(packages) as package order by package);
end;
$$;
comment on function private.order_package_ids(jsonb) is
  'The TikTok packages of the units in orders.order_items.';
grant execute on function private.order_package_ids(jsonb) to service_role;

create table private.held_orders (
  shop_id text not null,
  tiktok_order_id text not null,
  order_status text not null,
  ship_by timestamptz,
  tiktok_created_at timestamptz,
  tiktok_updated_at timestamptz not null,
  combine_group_id text,
  package_ids text[] not null default '{}',
  held_at timestamptz not null default clock_timestamp(),
  urgency smallint not null generated always as (private.order_urgency(order_status)) stored,
  primary key (shop_id, tiktok_order_id)
);
comment on table private.held_orders is 'Orders that the plan had no place for, without any data of the buyer; a row is deleted when its order is stored.';
comment on column private.held_orders.shop_id is 'The TikTok shop id: a shop that moves to another account takes its held orders along.';
comment on column private.held_orders.order_status is 'State at the last reading, as in public.orders.';
comment on column private.held_orders.combine_group_id is 'As in public.orders: a stored order of the group is shipped with this one.';
comment on column private.held_orders.package_ids is 'TikTok packages of its units, which it may share with stored orders.';
comment on column private.held_orders.held_at is 'When the order was held first.';
comment on column private.held_orders.urgency is 'Class of its state: private.order_urgency.';

-- The order in which they get places.
create index idx_held_orders_queue on private.held_orders (
  shop_id, urgency, coalesce(ship_by, 'infinity'), coalesce(tiktok_created_at, 'infinity'), held_at, tiktok_order_id
);

alter table private.held_orders enable row level security;
grant select, insert, update, delete on private.held_orders to service_role;

create function private.delete_held_orders()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.held_orders where shop_id = old.shop_id;
  return null;
end;
$$;
comment on function private.delete_held_orders() is
  'Trigger: deletes the held orders of a deleted shop; definer, because it runs as the role that deletes the account.';

-- Not for a transferred shop: its held orders belong to the new account.
create trigger delete_held_orders
  after delete on public.tiktok_shops
  for each row when (old.connection_status <> 'transferred')
  execute function private.delete_held_orders();

create function private.move_sync_back()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  new.orders_synced_until := least(
    new.orders_synced_until - interval '30 days',
    (select min(tiktok_updated_at) from private.held_orders where shop_id = new.shop_id)
  );
  new.returns_synced_until := new.returns_synced_until - interval '30 days';
  new.first_sync_done := false;
  return new;
end;
$$;
comment on function private.move_sync_back() is
  'Trigger: what waits is stored for the account that takes the shop over; should the shop come back, a sync reads it again.';

create trigger move_sync_back
  before update of connection_status on public.tiktok_shops
  for each row when (
    new.connection_status = 'transferred' and old.connection_status <> 'transferred'
    and new.orders_synced_until is not null
  )
  execute function private.move_sync_back();

create view private.waiting_orders with (security_invoker = true) as
select
  shop.user_id,
  held.*,
  coalesce(held.ship_by, 'infinity') as ship_order,
  coalesce(held.tiktok_created_at, 'infinity') as age_order
from private.held_orders as held
join public.tiktok_shops as shop on shop.shop_id = held.shop_id and shop.connection_status = 'active'
-- Without an open event nothing stores the order, so it keeps no place.
where exists (
  select from private.webhook_events as event
  where event.shop_id = held.shop_id
    and event.object_id = held.tiktok_order_id
    and event.status in ('held', 'pending')
);
comment on view private.waiting_orders is 'Held orders of connected shops; order by urgency, ship_order, age_order, held_at, tiktok_order_id.';
grant select on private.waiting_orders to service_role;

create function private.hold_order(p_shop_id text, p_order jsonb)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  insert into private.held_orders as held (
    shop_id, tiktok_order_id, order_status, ship_by, tiktok_created_at, tiktok_updated_at,
    combine_group_id, package_ids
  )
  values (
    p_shop_id,
    p_order ->> 'tiktok_order_id',
    coalesce(p_order ->> 'order_status', 'received'),
    (p_order ->> 'ship_by')::timestamptz,
    (p_order ->> 'tiktok_created_at')::timestamptz,
    (p_order ->> 'tiktok_updated_at')::timestamptz,
    p_order ->> 'combine_group_id',
    private.order_package_ids(p_order -> 'order_items')
  )
  on conflict (shop_id, tiktok_order_id) do update
    set order_status = case
          when p_order ->> 'order_status' is null then held.order_status else excluded.order_status
        end,
        ship_by = coalesce(excluded.ship_by, held.ship_by),
        tiktok_created_at = coalesce(excluded.tiktok_created_at, held.tiktok_created_at),
        tiktok_updated_at = excluded.tiktok_updated_at,
        combine_group_id = excluded.combine_group_id,
        package_ids = excluded.package_ids
    where excluded.tiktok_updated_at >= held.tiktok_updated_at;
end;
$$;
comment on function private.hold_order(text, jsonb) is
  'Part of ingest_order: records that an order waits; an older state does not replace a newer one.';
grant execute on function private.hold_order(text, jsonb) to service_role;

create function private.end_hold(p_shop_id text, p_tiktok_order_id text)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  delete from private.held_orders
  where shop_id = p_shop_id and tiktok_order_id = p_tiktok_order_id;
  -- A locked one is being reopened by another transaction.
  perform private.reopen_webhook_events(array(
    select id from private.webhook_events
    where shop_id = p_shop_id and object_id = p_tiktok_order_id and status = 'held'
    order by id
    for update skip locked
  ));
end;
$$;
comment on function private.end_hold(text, text) is
  'Part of ingest_order: the order is stored, so its other held events are due as updates.';
grant execute on function private.end_hold(text, text) to service_role;

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
  'Makes the most urgent held orders due again, as many as the plan has places for; ingest_order checks the limit again for each.';
grant execute on function public.release_held_events(uuid) to service_role;
