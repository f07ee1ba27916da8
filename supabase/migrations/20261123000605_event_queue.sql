-- The queue beside the inbox: what a claim searches. Columns that change with every claim are in no index of
-- webhook_events, so claiming and settling an event are HOT updates: docs/performance.md.

create table private.event_queue (
  event_id bigint primary key,
  status text not null,
  shop_id text not null,
  next_attempt_at timestamptz not null,
  received_at timestamptz not null,
  is_found_order boolean not null
)
-- Every row is updated by its claim and deleted when its event is settled.
with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
comment on table private.event_queue is 'One narrow row for each event that is not done or ignored; kept by a trigger of webhook_events, whose row is the truth.';
comment on column private.event_queue.status is 'As in webhook_events.';
comment on column private.event_queue.shop_id is 'As in webhook_events; empty for an event without a shop: these take one turn.';
comment on column private.event_queue.next_attempt_at is 'As in webhook_events.';
comment on column private.event_queue.received_at is 'As in webhook_events.';
comment on column private.event_queue.is_found_order is 'Whether it is ORDER_FOUND, which keeps a place of the plan free.';

create index idx_event_queue_due on private.event_queue (next_attempt_at) where status = 'pending';
-- Serves the turns of the shops: the oldest of each, however many wait.
create index idx_event_queue_turn on private.event_queue (shop_id, next_attempt_at, event_id) where status = 'pending';
-- Serves the age of the oldest open event.
create index idx_event_queue_open on private.event_queue (received_at) where status in ('pending', 'processing');
-- Serves the search for lost workers.
create index idx_event_queue_lease on private.event_queue (next_attempt_at) where status = 'processing';
-- Apart from the live events: a claim reads only the first of any number of failing events.
create index idx_event_queue_failing on private.event_queue (next_attempt_at) where status = 'failing';
-- Serve the counts of held and of dead events.
create index idx_event_queue_held on private.event_queue (event_id) where status = 'held';
create index idx_event_queue_dead on private.event_queue (event_id) where status = 'dead';
-- Serves undecided_orders, the count of found orders that were not read yet.
create index idx_event_queue_found on private.event_queue (shop_id, received_at)
  where is_found_order and status not in ('failing', 'held', 'dead');

alter table private.event_queue enable row level security;
grant select, insert, update, delete on private.event_queue to service_role;

create function private.keep_event_queue()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.event_queue (event_id, status, shop_id, next_attempt_at, received_at, is_found_order)
    values (
      new.id, new.status, coalesce(new.shop_id, ''), new.next_attempt_at, new.received_at,
      new.event_type = 'ORDER_FOUND'
    );
  elsif tg_op = 'DELETE' or new.status in ('done', 'ignored') then
    delete from private.event_queue where event_id = old.id;
  elsif old.status in ('done', 'ignored') then
    insert into private.event_queue (event_id, status, shop_id, next_attempt_at, received_at, is_found_order)
    values (
      new.id, new.status, coalesce(new.shop_id, ''), new.next_attempt_at, new.received_at,
      new.event_type = 'ORDER_FOUND'
    );
  else
    update private.event_queue
    set status = new.status,
        shop_id = coalesce(new.shop_id, ''),
        next_attempt_at = new.next_attempt_at,
        received_at = new.received_at
    where event_id = new.id;
  end if;
  return null;
end;
$$;
comment on function private.keep_event_queue() is
  'Trigger: keeps the row of an event in event_queue; the row of the event is locked, so no other transaction changes it.';

create trigger queue_new_event
  after insert on private.webhook_events
  for each row when (new.status not in ('done', 'ignored'))
  execute function private.keep_event_queue();

create trigger queue_changed_event
  after update on private.webhook_events
  for each row when (
    (
      old.status <> new.status or old.shop_id is distinct from new.shop_id
      or old.next_attempt_at <> new.next_attempt_at or old.received_at <> new.received_at
    )
    and not (old.status in ('done', 'ignored') and new.status in ('done', 'ignored'))
    -- A claim changes the queue itself.
    and old.claims = new.claims
  )
  execute function private.keep_event_queue();

create trigger unqueue_deleted_event
  after delete on private.webhook_events
  for each row when (old.status not in ('done', 'ignored'))
  execute function private.keep_event_queue();

create function public.oldest_open_event_seconds()
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return coalesce(
    (
      select extract(epoch from now() - waiting.received_at)::integer
      from private.event_queue as waiting
      where waiting.status in ('pending', 'processing')
        and (select failing_since is null from private.webhook_events where id = waiting.event_id)
      order by waiting.received_at
      limit 1
    ),
    0
  );
end;
$$;
comment on function public.oldest_open_event_seconds() is
  'Age in seconds of the oldest open event that has attempts left; 0 without such an event.';
grant execute on function public.oldest_open_event_seconds() to service_role;
