-- The inbox: every webhook is stored before it is answered, next to our own tasks.

/*
  Arguments: p_name, in lower case.
  Returns:   the header of the API call that runs the transaction; null outside of one.
*/
create function private.request_header(p_name text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return nullif(current_setting('request.headers', true), '')::json ->> p_name;
end;
$$;
comment on function private.request_header(text) is
  'A header of the API call at work: what it stores keeps the id of the request and its span.';
grant execute on function private.request_header(text) to service_role;

create table private.webhook_events (
  id bigint generated always as identity primary key,
  source text not null,
  external_id text not null,
  event_type text not null,
  shop_id text,
  object_id text,
  body text not null,
  content_digest text,
  status text not null default 'pending',
  claims integer not null default 0,
  attempts integer not null default 0,
  crashes integer not null default 0,
  failing_since timestamptz,
  reason text,
  last_error text,
  received_at timestamptz not null default now(),
  settled_at timestamptz,
  -- Another text than an id of ours counts as none.
  request_id uuid default substring(private.request_header('x-request-id') from '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$')::uuid,
  traceparent text default substring(private.request_header('traceparent') from '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'),
  constraint webhook_events_source_external_id_key unique (source, external_id),
  -- Not "in", as in public.orders: each statement reads them again.
  constraint webhook_events_source_check check (source = any ('{tiktok,stripe,easypost,creatorflow}')),
  constraint webhook_events_status_check check (status = any ('{pending,failing,done,ignored,held,dead}')),
  constraint webhook_events_reason_check check (
    (status = any ('{failing,ignored,held,dead}')) = (reason is not null)
  ),
  constraint webhook_events_failing_since_check check (status <> 'failing' or failing_since is not null),
  constraint webhook_events_reason_code_check check (reason ~ '^[a-z][a-z0-9_]*$')
)
-- Room for the next version of a row on its page: a settlement is a HOT update.
with (fillfactor = 80);
comment on table private.webhook_events is 'The inbox: webhooks of TikTok, Stripe and EasyPost, and our own tasks: docs/inbox.md.';
comment on column private.webhook_events.source is 'The sender; creatorflow marks our own tasks.';
comment on column private.webhook_events.external_id is 'The id that the sender gave the event, or one derived from its content: a repeated delivery is the same row. Another body under the id has <id>:<content_digest>.';
comment on column private.webhook_events.shop_id is 'The TikTok shop id.';
comment on column private.webhook_events.object_id is 'Id of the subject: a TikTok order id, or the id that a task names.';
comment on column private.webhook_events.body is 'The body as received.';
comment on column private.webhook_events.content_digest is 'Digest of the body without what differs between deliveries of one event; null for our own tasks.';
comment on column private.webhook_events.status is 'The result of the last attempt: pending is open; failing is tried again each hour; done, ignored, held and dead are settled; held waits for a larger plan or the next month.';
comment on column private.webhook_events.claims is 'Number of claims until it was last done or ignored; those of an open event are in event_queue.';
comment on column private.webhook_events.attempts is 'Number of failures that a worker reported.';
comment on column private.webhook_events.crashes is 'Number of claims whose lease expired without a result.';
comment on column private.webhook_events.failing_since is 'When its attempts were used up; seven days later the next failure is the last.';
comment on column private.webhook_events.reason is 'Code of the reason why it is failing, ignored, held or dead: docs/inbox.md.';
comment on column private.webhook_events.last_error is 'Text of the last failed attempt, for operators; kept when a later attempt succeeds.';
comment on column private.webhook_events.request_id is 'Id of the request that stored it, as in the log lines; null for a task that the database stored itself.';
comment on column private.webhook_events.traceparent is 'The span that stored it, as W3C writes it: its processing is part of that trace.';

-- What a settlement changes is in no index, so it is a HOT update: event_queue has the indexes of open events.
create index idx_webhook_events_received on private.webhook_events (source, received_at);
create index idx_webhook_events_shop_id on private.webhook_events (shop_id, object_id);

/*
  Arguments: p_body of a Stripe event.
  Returns:   the customers, users and e-mail addresses that it quotes.
*/
create function private.names_in_event(p_body text)
returns text[]
language plpgsql
immutable
set search_path = ''
as $$
begin
  return array(
    select quoted
    -- Each text between quotes alone: one pattern for the whole body takes a millisecond for each name.
    from string_to_table(p_body, '"') as quoted
    where case
      -- Most texts are no names, which this finds out for less than the pattern.
      when quoted like 'cus\_%' or quoted like '%@%' or length(quoted) = 36 then
        quoted ~ '^(cus_\w+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[^@\s]+@[^@\s]+)$'
        -- An index takes no longer ones.
        and length(quoted) < 512
    end
  );
end;
$$;
comment on function private.names_in_event(text) is
  'Ids and addresses by which the deletion of an account finds a Stripe event.';
grant execute on function private.names_in_event(text) to service_role;

create index idx_webhook_events_stripe_names on private.webhook_events using gin (private.names_in_event(body))
  where source = 'stripe';

alter table private.webhook_events enable row level security;
grant select, insert, update on private.webhook_events to service_role;
grant usage on sequence private.webhook_events_id_seq to service_role;

create table private.deleted_event_ids (
  source text not null,
  external_id text not null,
  deleted_at timestamptz not null default now(),
  primary key (source, external_id)
);
comment on table private.deleted_event_ids is 'Ids of deleted events, for 13 months: a late or replayed delivery of one is not new.';

-- Rows are added in the order of time, so the deletion of old ones reads only their pages.
create index idx_deleted_event_ids_deleted_at on private.deleted_event_ids using brin (deleted_at);

alter table private.deleted_event_ids enable row level security;
grant select on private.deleted_event_ids to service_role;

create function private.keep_event_ids()
returns trigger
language plpgsql
security invoker
set search_path = ''
as $$
begin
  insert into private.deleted_event_ids (source, external_id)
  select source, external_id
  from deleted
  -- A task of ours may be enqueued again, and its id names rows of the seller.
  where source <> 'creatorflow'
  on conflict (source, external_id) do nothing;
  return null;
end;
$$;
comment on function private.keep_event_ids() is
  'Trigger: keeps the ids of deleted events, whatever deletes them.';

create trigger keep_event_ids
  after delete on private.webhook_events
  referencing old table as deleted
  for each statement execute function private.keep_event_ids();

/*
  Arguments: p_type, the event type; p_occasion makes the task unique within its type; p_shop_id, p_object_id and p_body
             as in webhook_events.
  Returns:   the event id; null if the task was enqueued before.
*/
create function private.enqueue_task(
  p_type text,
  p_occasion text,
  p_shop_id text default null,
  p_object_id text default null,
  p_body text default '{}'
)
returns bigint
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event_id bigint;
begin
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  values ('creatorflow', p_type || ':' || p_occasion, p_type, p_shop_id, p_object_id, p_body)
  on conflict (source, external_id) do nothing
  returning id into event_id;
  return event_id;
end;
$$;
comment on function private.enqueue_task(text, text, text, text, text) is
  'Enqueues a task of our own, once per occasion.';
grant execute on function private.enqueue_task(text, text, text, text, text) to service_role;

/*
  Arguments: p_type, the event type; p_tasks [{occasion, shop_id, object_id}], as in enqueue_task; the ids may be missing.
  Returns:   the number of tasks that were not enqueued before.
*/
create function private.enqueue_tasks(p_type text, p_tasks jsonb)
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
declare
  enqueued integer;
begin
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  select 'creatorflow', p_type || ':' || task.occasion, p_type, task.shop_id, task.object_id, '{}'
  from jsonb_to_recordset(p_tasks) as task (occasion text, shop_id text, object_id text)
  -- Two calls with the same tasks wait for each other in one order.
  order by task.occasion
  on conflict (source, external_id) do nothing;
  get diagnostics enqueued = row_count;
  return enqueued;
end;
$$;
comment on function private.enqueue_tasks(text, jsonb) is
  'Enqueues tasks of one type with one statement, once per occasion: a third of the cost of one call each.';
grant execute on function private.enqueue_tasks(text, jsonb) to service_role;
