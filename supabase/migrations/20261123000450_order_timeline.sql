-- What may become of an order, and what became of it.

create table private.order_transitions (
  from_status text not null,
  to_status text not null,
  primary key (from_status, to_status)
);
comment on table private.order_transitions is 'Which order_status may follow which: docs/orders.md. A state that was not seen is skipped; nothing goes back.';

alter table private.order_transitions enable row level security;
grant select on private.order_transitions to service_role;

-- Forward along the way, over any number of states that no webhook told of.
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
-- A parcel may be lost on its way, but what was delivered is returned, not cancelled.
select status, 'cancelled'
from unnest(array[
  'received', 'on_hold', 'awaiting_shipment', 'partially_shipped', 'awaiting_collection', 'in_transit'
]) as status
union all
-- A split is taken back.
values ('partially_shipped', 'awaiting_shipment');

create table public.order_events (
  id bigint generated always as identity primary key,
  order_id uuid not null references public.orders (id) on delete cascade,
  user_id uuid not null references public.users (id) on delete cascade,
  event_type text not null,
  webhook_event_id bigint,
  changes jsonb not null default '{}',
  happened_at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint order_events_changes_check check (jsonb_typeof(changes) = 'object')
);
comment on table public.order_events is 'The timeline of each order. Its seller reads; only the backend writes.';
comment on column public.order_events.event_type is 'What told us: TikTok''s topic, or ORDER_FOUND where we asked.';
comment on column public.order_events.webhook_event_id is 'The event of the inbox; it is forgotten there after a while.';
comment on column public.order_events.changes is 'By column: {"order_status": {"from": ..., "to": ...}}; an address only says that it changed; "refused" is a state that must not follow. TikTok''s own news are beside them: cancel_status, return_status, refund_total.';
comment on column public.order_events.happened_at is 'When the order changed at TikTok; of news that came by themselves, when they came.';

create index idx_order_events_order_id on public.order_events (order_id, id);
create index idx_order_events_user_id on public.order_events (user_id, created_at);

alter table public.order_events enable row level security;
create policy "Users can view own order events" on public.order_events
  for select to authenticated using ((select auth.uid()) = user_id);
grant select on public.order_events to authenticated;
grant select, insert on public.order_events to service_role;
grant usage on sequence public.order_events_id_seq to service_role;
