-- The queue next to the inbox: what waits, what a worker has claimed, and until when. A claim writes only this table.
-- The inbox is written when an event is stored, has a result, or is postponed or opened again: docs/inbox.md.

create table private.event_queue (
  event_id bigint primary key,
  next_attempt_at timestamptz not null default now(),
  received_at timestamptz not null,
  open_since timestamptz not null,
  claims integer not null,
  is_found_order boolean not null,
  status text not null,
  shop_id text not null,
  constraint event_queue_status_check check (status = any ('{pending,processing,failing,held,dead}'))
)
-- Every row is updated by its claim and deleted when its event is settled.
with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
comment on table private.event_queue is 'One narrow row for each event that is not done or ignored: who may claim it, and when.';
comment on column private.event_queue.next_attempt_at is 'pending and failing: earliest next attempt; processing: end of the lease, after which another worker may claim it.';
comment on column private.event_queue.received_at is 'As in webhook_events, whose trigger keeps it: found orders of the last hour are read from an index.';
comment on column private.event_queue.open_since is 'Since when it waits for us: since it was received or opened again, or since the end of its wait for a deactivated shop, which may lie ahead.';
comment on column private.event_queue.claims is 'Number of claims; a worker whose claim was lost has an older number. webhook_events keeps it once the event has left the queue.';
comment on column private.event_queue.is_found_order is 'Whether it is ORDER_FOUND, which keeps a place of the plan free.';
comment on column private.event_queue.status is 'processing while a worker has claimed it, else as in webhook_events, whose trigger keeps it: the indexes of claims need it.';
comment on column private.event_queue.shop_id is 'As in webhook_events, whose trigger keeps it; empty for an event without a shop: these take one turn.';

create index idx_event_queue_due on private.event_queue (next_attempt_at) where status = 'pending';
-- Serves the turns of the shops: the oldest of each, however many wait.
create index idx_event_queue_turn on private.event_queue (shop_id, next_attempt_at, event_id) where status = 'pending';
-- Serves the age of the oldest event that waits; claimed ones are few, and a claim does not write this index.
create index idx_event_queue_open on private.event_queue (open_since) where status = 'pending';
-- Serves the search for lost workers, and the age of the oldest claimed event.
create index idx_event_queue_lease on private.event_queue (next_attempt_at) where status = 'processing';
-- Apart from the live events: a claim reads only the first of any number of failing events.
create index idx_event_queue_failing on private.event_queue (next_attempt_at) where status = 'failing';
-- Serve the counts of held and of dead events.
create index idx_event_queue_held on private.event_queue (event_id) where status = 'held';
create index idx_event_queue_dead on private.event_queue (event_id) where status = 'dead';
-- Serves undecided_events, found orders that were not read yet.
create index idx_event_queue_found on private.event_queue (shop_id, received_at)
  where is_found_order and status not in ('failing', 'held', 'dead');

alter table private.event_queue enable row level security;
grant select, insert, update, delete on private.event_queue to service_role;

create function private.queue_new_events()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  insert into private.event_queue (event_id, received_at, open_since, claims, is_found_order, status, shop_id)
  select id, received_at, received_at, claims, event_type = 'ORDER_FOUND', status, coalesce(shop_id, '')
  from stored
  where status not in ('done', 'ignored');
  return null;
end;
$$;
comment on function private.queue_new_events() is
  'Trigger: new events that need an effect are due; once a statement, which halves the cost of many and changes nothing for one.';

create trigger queue_new_events
  after insert on private.webhook_events
  referencing new table as stored
  for each statement execute function private.queue_new_events();

create function private.unqueue_event()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
declare
  claimed integer;
begin
  if tg_op = 'DELETE' then
    delete from private.event_queue where event_id = old.id;
    return old;
  end if;
  -- The event keeps the number of its claims: after a replay no later claim has an earlier one's number.
  delete from private.event_queue where event_id = new.id returning claims into claimed;
  new.claims := coalesce(claimed, new.claims);
  return new;
end;
$$;
comment on function private.unqueue_event() is
  'Trigger: an event that is done, ignored or deleted leaves the queue.';

create trigger unqueue_settled_event
  before update of status on private.webhook_events
  for each row when (
    new.status = any ('{done,ignored}')
    -- A statement that settles many claims takes them from the queue itself.
    and old.claims = new.claims
  )
  execute function private.unqueue_event();

create trigger unqueue_deleted_event
  before delete on private.webhook_events
  for each row when (old.status <> all ('{done,ignored}'))
  execute function private.unqueue_event();

create function private.keep_queued_event()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if old.status in ('done', 'ignored') then
    insert into private.event_queue (event_id, received_at, open_since, claims, is_found_order, status, shop_id)
    values (
      new.id, new.received_at, now(), new.claims, new.event_type = 'ORDER_FOUND', new.status, coalesce(new.shop_id, '')
    );
  elsif old.status <> new.status or old.shop_id is distinct from new.shop_id or old.received_at <> new.received_at then
    -- Another result ends a claim.
    update private.event_queue
    set status = case when old.status = new.status then status else new.status end,
        shop_id = coalesce(new.shop_id, ''),
        received_at = new.received_at,
        open_since = case when old.received_at <> new.received_at then new.received_at else open_since end
    where event_id = new.id;
  end if;
  return null;
end;
$$;
comment on function private.keep_queued_event() is
  'Trigger: an event that is open again is due; the queue follows one that is still open, held or dead.';

-- A short condition: each statement reads it again, and nearly all settle an event.
create trigger keep_queued_event
  after update of status, shop_id, received_at on private.webhook_events
  for each row when (new.status <> all ('{done,ignored}'))
  execute function private.keep_queued_event();

create view private.inbox_events with (security_invoker = true) as
select
  event.id,
  event.source,
  event.external_id,
  event.event_type,
  event.shop_id,
  event.object_id,
  event.body,
  coalesce(queued.status, event.status) as status,
  coalesce(queued.claims, event.claims) as claims,
  event.attempts,
  event.crashes,
  event.failing_since,
  queued.next_attempt_at,
  case when queued.status = 'processing' then null else event.reason end as reason,
  event.last_error,
  event.received_at,
  event.settled_at,
  event.request_id,
  event.traceparent
from private.webhook_events as event
left join private.event_queue as queued on queued.event_id = event.id;
comment on view private.inbox_events is 'Each event with what only the queue knows of it: processing, the number of its claims and its next attempt.';
grant select on private.inbox_events to service_role;

create function public.oldest_open_event_seconds()
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return greatest(
    extract(epoch from now() - least(
      (
        select waiting.open_since
        from private.event_queue as waiting
        where waiting.status = 'pending'
          and (select failing_since is null from private.webhook_events where id = waiting.event_id)
        order by waiting.open_since
        limit 1
      ),
      (
        select min(claimed.open_since)
        from private.event_queue as claimed
        where claimed.status = 'processing'
          and (select failing_since is null from private.webhook_events where id = claimed.event_id)
      )
    ))::integer,
    0
  );
end;
$$;
comment on function public.oldest_open_event_seconds() is
  'Seconds since the oldest open event was received or opened again, of those that have attempts left and wait for no deactivated shop; 0 without any.';
grant execute on function public.oldest_open_event_seconds() to service_role;
