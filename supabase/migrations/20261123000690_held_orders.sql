-- Orders that wait for a place in the plan, the most urgent first.

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
declare
  left_out bigint;
  task bigint;
begin
  delete from private.held_orders
  where shop_id = p_shop_id and tiktok_order_id = p_tiktok_order_id;
  perform private.reopen_webhook_events(array(
    select id from private.webhook_events
    where shop_id = p_shop_id and object_id = p_tiktok_order_id and status = 'held'
    order by id
    for update skip locked
  ));
  -- A locked one is being reopened by another transaction. Should that be rolled back, this task comes here again.
  select min(id) into left_out
  from private.webhook_events
  where shop_id = p_shop_id and object_id = p_tiktok_order_id and status = 'held';
  if left_out is not null then
    task := private.enqueue_task(
      'ORDER_REREAD', concat_ws(':', 'held', left_out, extract(epoch from now())), p_shop_id, p_tiktok_order_id
    );
    update private.event_queue set next_attempt_at = now() + interval '1 minute' where event_id = task;
  end if;
end;
$$;
comment on function private.end_hold(text, text) is
  'Part of ingest_order: the order is stored, so its other held events are due as updates.';
grant execute on function private.end_hold(text, text) to service_role;

create function private.end_holds_of_stored_orders()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  -- Their events are due with those that the connection makes due, page by page.
  delete from private.held_orders as held
  where held.shop_id = new.shop_id
    and exists (
      select from public.orders
      where orders.user_id = new.user_id
        and orders.tiktok_shop_id = new.id
        and orders.tiktok_order_id = held.tiktok_order_id
    );
  return null;
end;
$$;
comment on function private.end_holds_of_stored_orders() is
  'Trigger: a shop comes back to an account that has stored orders which found no place in another one meanwhile; there their events are updates.';

create trigger end_holds_of_stored_orders
  after update of connection_status on public.tiktok_shops
  for each row when (old.connection_status = 'transferred' and new.connection_status = 'active')
  execute function private.end_holds_of_stored_orders();
