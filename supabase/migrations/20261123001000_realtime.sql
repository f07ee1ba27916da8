-- Live updates: Postgres changes filtered by row level security, and a small broadcast to the owner.

do $$
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end;
$$;
-- Row level security decides who receives a change. The requested trigger orders_realtime_filter
-- cannot: Postgres ignores the return value of an AFTER trigger.
alter publication supabase_realtime add table
  public.orders, public.order_events, public.shipments, public.analytics_events;
-- Realtime cannot check a deletion: it would send the id of each deleted row to every subscriber of the table.
alter publication supabase_realtime set (publish = 'insert, update');

create function private.broadcast_new_orders()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
    jsonb_build_object('orders', seller.orders),
    'orders_received',
    'user:' || seller.user_id,
    true
  )
  from (
    select
      user_id,
      jsonb_agg(jsonb_build_object(
        'order_id', id, 'order_status', order_status, 'payment_status', payment_status
      )) as orders
    from inserted
    group by user_id
  ) as seller;
  return null;
end;
$$;
comment on function private.broadcast_new_orders() is
  'Trigger: sends ids and states of new orders to the private topic of their owner, those of one statement in one message; definer, because the writer may not use realtime.';

-- Once a statement: a message costs a subtransaction, a fifth of all that an order of a batch costs.
create trigger broadcast_new_orders
  after insert on public.orders
  referencing new table as inserted
  for each statement execute function private.broadcast_new_orders();

create function private.broadcast_order_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
    jsonb_build_object(
      'order_id', new.id,
      'order_status', new.order_status,
      'payment_status', new.payment_status
    ),
    'order_changed',
    'user:' || new.user_id,
    true
  );
  return null;
end;
$$;
comment on function private.broadcast_order_change() is
  'Trigger: sends ids and states of a changed order to the private topic of its owner; definer, because the writer may not use realtime.';

-- The removal of personal data is not announced: it concerns thousands of old orders at once.
create trigger broadcast_order_update
  after update on public.orders
  for each row when (
    old.* is distinct from new.*
    and not (old.personal_data_removed_at is null and new.personal_data_removed_at is not null)
  )
  execute function private.broadcast_order_change();

create function private.broadcast_shipment_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
    jsonb_build_object('shipment_id', new.id, 'order_id', new.order_id, 'status', new.status),
    case tg_op when 'INSERT' then 'shipment_created' else 'shipment_changed' end,
    'user:' || new.user_id,
    true
  );
  return null;
end;
$$;
comment on function private.broadcast_shipment_change() is
  'Trigger: sends ids and status of a new or changed shipment to the private topic of its owner; definer, because the writer may not use realtime.';

create trigger broadcast_shipment_insert
  after insert on public.shipments
  for each row execute function private.broadcast_shipment_change();

create trigger broadcast_shipment_update
  after update on public.shipments
  for each row when (
    old.* is distinct from new.* and not (old.label_url is not null and new.label_url is null)
  )
  execute function private.broadcast_shipment_change();
