-- Allowed order transitions and the timeline of each order.

create table private.order_transitions (
  from_status text not null,
  to_status text not null,
  primary key (from_status, to_status)
);
comment on table private.order_transitions is 'Allowed transitions of order_status: docs/orders.md; a status may be skipped, but none moves back: private.is_taken_back has the exception.';

alter table private.order_transitions enable row level security;
grant select on private.order_transitions to service_role;

-- Forward, over any number of states that no webhook reported.
insert into private.order_transitions (from_status, to_status)
select earlier.status, later.status
from unnest(array[
  'received', 'on_hold', 'awaiting_shipment', 'partially_shipped', 'awaiting_collection', 'in_transit',
  'delivered', 'completed'
]) with ordinality as earlier (status, place)
join unnest(array[
  'received', 'on_hold', 'awaiting_shipment', 'partially_shipped', 'awaiting_collection', 'in_transit',
  'delivered', 'completed'
]) with ordinality as later (status, place) on later.place > earlier.place
union all
-- A parcel may be lost in transit, but a delivered order is returned, not cancelled.
select status, 'cancelled'
from unnest(array[
  'received', 'on_hold', 'awaiting_shipment', 'partially_shipped', 'awaiting_collection', 'in_transit'
]) as status;

create table public.order_events (
  id bigint generated always as identity,
  order_id uuid not null references public.orders (id) on delete cascade,
  -- Without a foreign key of its own: that of the order, which has the same seller, deletes it.
  user_id uuid not null,
  event_type text not null,
  webhook_event_id bigint,
  changes jsonb not null default '{}',
  happened_at timestamptz not null,
  created_at timestamptz not null default now(),
  -- One index for both: an entry is read with its order.
  primary key (order_id, id),
  constraint order_events_changes_check check (jsonb_typeof(changes) = 'object')
);
comment on table public.order_events is 'The timeline of each order; its seller reads, only the backend writes.';
comment on column public.order_events.event_type is 'Source of the change: the TikTok topic, or ORDER_FOUND and RETURN_FOUND after a sync.';
comment on column public.order_events.webhook_event_id is 'Id of the event in the inbox, which deletes it after a while.';
comment on column public.order_events.changes is 'By column: {"order_status": {"from": ..., "to": ...}}; an address only as "changed"; refused: a status that may not follow; units_cancelled: [{line_item_id, cancelled_by, cancel_reason}]; facts of the TikTok event: cancel_status, return_status, refund_total.';
comment on column public.order_events.happened_at is 'When the order changed at TikTok, or when the event with further facts was received.';

create index idx_order_events_user_id on public.order_events (user_id, created_at);

alter table public.order_events enable row level security;
create policy "Users can view own order events" on public.order_events
  for select to authenticated using ((select auth.uid()) = user_id);
grant select on public.order_events to authenticated;
grant select, insert on public.order_events to service_role;
grant usage on sequence public.order_events_id_seq to service_role;
