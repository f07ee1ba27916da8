-- The inbox: every webhook is stored here before it is answered, and worked from here until it is settled.

create table private.webhook_events (
  id bigint generated always as identity primary key,
  source text not null,
  external_id text not null,
  event_type text not null,
  shop_id text,
  object_id text,
  body text not null,
  status text not null default 'pending',
  attempts integer not null default 0,
  postponed integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  reason text,
  last_error text,
  received_at timestamptz not null default now(),
  settled_at timestamptz,
  constraint webhook_events_source_external_id_key unique (source, external_id),
  constraint webhook_events_source_check check (source in ('tiktok', 'stripe', 'easypost', 'creatorflow')),
  constraint webhook_events_status_check check (
    status in ('pending', 'processing', 'done', 'ignored', 'held', 'dead')
  ),
  constraint webhook_events_reason_check check (
    (status in ('ignored', 'held', 'dead')) = (reason is not null)
  )
);
comment on table private.webhook_events is 'The inbox of TikTok, Stripe and EasyPost webhooks, and of what we told ourselves to do: docs/inbox.md.';
comment on column private.webhook_events.source is 'Who sent it; creatorflow is ourselves.';
comment on column private.webhook_events.external_id is 'The sender''s id of the event, or one derived from what it is about: a delivery that comes again is the same row.';
comment on column private.webhook_events.shop_id is 'TikTok''s shop id.';
comment on column private.webhook_events.object_id is 'What the event is about: TikTok''s order id.';
comment on column private.webhook_events.body is 'The body as it was received.';
comment on column private.webhook_events.status is 'pending and processing are open; done, ignored, held and dead are settled. held waits for the plan or the month.';
comment on column private.webhook_events.attempts is 'How often it was claimed. A worker that lost its claim is recognised by an older number.';
comment on column private.webhook_events.postponed is 'Attempts that do not count: a variable of the handler was missing.';
comment on column private.webhook_events.next_attempt_at is 'pending: not before then. processing: the claim''s lease ends then and another worker may take it.';
comment on column private.webhook_events.reason is 'Why it was ignored, held or given up.';
comment on column private.webhook_events.last_error is 'What the last failed attempt said; kept when a later one succeeds.';

create index idx_webhook_events_due on private.webhook_events (next_attempt_at)
  where status in ('pending', 'processing');
create index idx_webhook_events_held on private.webhook_events (shop_id, received_at)
  where status = 'held';

alter table private.webhook_events enable row level security;
grant select, insert, update on private.webhook_events to service_role;
grant usage on sequence private.webhook_events_id_seq to service_role;

create function public.receive_webhook_event(
  p_source text,
  p_external_id text,
  p_event_type text,
  p_shop_id text,
  p_object_id text,
  p_body text
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event_id bigint;
begin
  insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
  values (p_source, p_external_id, p_event_type, p_shop_id, p_object_id, p_body)
  on conflict (source, external_id) do nothing
  returning id into event_id;
  if event_id is not null then
    return jsonb_build_object('event_id', event_id, 'duplicate', false);
  end if;
  select id into event_id
  from private.webhook_events
  where source = p_source and external_id = p_external_id;
  return jsonb_build_object('event_id', event_id, 'duplicate', true);
end;
$$;
comment on function public.receive_webhook_event(text, text, text, text, text, text) is
  'Stores a verified webhook once. Returns {event_id, duplicate}.';
grant execute on function public.receive_webhook_event(text, text, text, text, text, text) to service_role;

create function private.max_webhook_attempts()
returns integer
language sql
immutable
set search_path = ''
as $$
  select 10;
$$;
comment on function private.max_webhook_attempts() is 'Attempts after which an event is given up.';
grant execute on function private.max_webhook_attempts() to service_role;

create function public.claim_webhook_events(p_limit integer, p_lease_seconds integer)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  claimed jsonb;
begin
  -- Only an event whose workers all vanished gets here: a failure that was reported is settled by
  -- fail_webhook_event.
  update private.webhook_events
  set status = 'dead',
      reason = 'its workers vanished',
      settled_at = now()
  where id in (
    select id
    from private.webhook_events
    where status = 'processing'
      and next_attempt_at <= now()
      and attempts - postponed >= private.max_webhook_attempts()
    limit p_limit
    for update skip locked
  );

  -- Shops take turns: a flood of one keeps no other waiting.
  with queue as (
    select
      id,
      next_attempt_at,
      row_number() over (partition by shop_id order by next_attempt_at, id) as place
    from private.webhook_events
    where status in ('pending', 'processing')
      and next_attempt_at <= now()
      and attempts - postponed < private.max_webhook_attempts()
  ), due as (
    select event.id
    from private.webhook_events as event
    join queue on queue.id = event.id
    where event.status in ('pending', 'processing')
      and event.next_attempt_at <= now()
      and event.attempts - event.postponed < private.max_webhook_attempts()
    order by queue.place, queue.next_attempt_at
    limit p_limit
    for update of event skip locked
  ), taken as (
    update private.webhook_events as event
    set status = 'processing',
        attempts = event.attempts + 1,
        next_attempt_at = now() + make_interval(secs => p_lease_seconds)
    from due
    where event.id = due.id
    returning event.*
  )
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'event_id', taken.id,
        'attempt', taken.attempts,
        'source', taken.source,
        'event_type', taken.event_type,
        'shop_id', taken.shop_id,
        'object_id', taken.object_id,
        'body', taken.body,
        'shop', (
          select jsonb_build_object(
            'id', shop.id,
            'user_id', shop.user_id,
            'shop_id', shop.shop_id,
            'shop_cipher', shop.shop_cipher,
            'access_token', shop.access_token,
            'token_version', login.token_version
          )
          from public.tiktok_shops as shop
          join private.tiktok_logins as login
            on login.user_id = shop.user_id and login.open_id = shop.open_id
          where taken.source in ('tiktok', 'creatorflow')
            -- Some bodies name no shop, but an order that we have.
            and shop.shop_id = coalesce(
              taken.shop_id,
              (
                select owner.shop_id
                from public.orders
                join public.tiktok_shops as owner on owner.id = orders.tiktok_shop_id
                where orders.tiktok_order_id = taken.object_id and owner.connection_status = 'active'
                limit 1
              )
            )
            and shop.connection_status = 'active'
        )
      )
      order by taken.id
    ),
    '[]'
  )
  into claimed
  from taken;
  return claimed;
end;
$$;
comment on function public.claim_webhook_events(integer, integer) is
  'Takes up to p_limit due events for p_lease_seconds, the longest due of each shop in turn, with the connection that each one needs. Returns an array of {event_id, attempt, source, event_type, shop_id, object_id, body, shop}.';
grant execute on function public.claim_webhook_events(integer, integer) to service_role;

create function private.lock_shop_connections(p_shop_ids text[], p_exclusive boolean)
returns void
language plpgsql
set search_path = ''
as $$
declare
  shop_id text;
begin
  foreach shop_id in array p_shop_ids loop
    if p_exclusive then
      perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(shop_id, 0));
    else
      perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended(shop_id, 0));
    end if;
  end loop;
end;
$$;
comment on function private.lock_shop_connections(text[], boolean) is
  'Whoever connects shops takes it alone; whoever judges that a shop is not connected shares it. p_shop_ids ascending.';
grant execute on function private.lock_shop_connections(text[], boolean) to service_role;

create function public.ignore_webhook_event(p_event_id bigint, p_attempt integer, p_reason text)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
declare
  shop text;
begin
  select shop_id into shop from private.webhook_events where id = p_event_id;
  if p_reason = 'shop_not_connected' and shop is not null then
    perform private.lock_shop_connections(array[shop], false);
    -- It was when the event was claimed; connecting it reopens only what is ignored already.
    if exists (
      select from public.tiktok_shops
      where shop_id = shop and connection_status = 'active'
    ) then
      update private.webhook_events
      set status = 'pending', attempts = 0, postponed = 0, next_attempt_at = now()
      where id = p_event_id and status = 'processing' and attempts = p_attempt;
      return found;
    end if;
  end if;
  update private.webhook_events
  set status = 'ignored', reason = p_reason, settled_at = now()
  where id = p_event_id and status = 'processing' and attempts = p_attempt;
  return found;
end;
$$;
comment on function public.ignore_webhook_event(bigint, integer, text) is
  'Settles an event that asks for nothing; one whose shop has been connected in the meantime is put back. False if the claim was lost.';
grant execute on function public.ignore_webhook_event(bigint, integer, text) to service_role;

create function public.fail_webhook_event(
  p_event_id bigint,
  p_attempt integer,
  p_error text,
  p_retry_after_seconds integer default null
)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
declare
  new_status text;
begin
  update private.webhook_events
  set status = case when attempts - postponed < private.max_webhook_attempts() then 'pending' else 'dead' end,
      reason = case when attempts - postponed < private.max_webhook_attempts() then null else left(p_error, 500) end,
      settled_at = case when attempts - postponed < private.max_webhook_attempts() then null else now() end,
      last_error = left(p_error, 2000),
      -- 30 s doubling to 2 h, of which a random half: the last of ten attempts is 2 to 4 h after the first.
      next_attempt_at = now() + greatest(
        make_interval(secs => least(30 * 2 ^ (attempts - postponed - 1), 7200) * (0.5 + random() / 2)),
        make_interval(secs => coalesce(p_retry_after_seconds, 0))
      )
  where id = p_event_id and status = 'processing' and attempts = p_attempt
  returning status into new_status;
  return new_status;
end;
$$;
comment on function public.fail_webhook_event(bigint, integer, text, integer) is
  'Puts an event back with exponential backoff and jitter, or gives it up after the last attempt. Returns its new status, null if the claim was lost.';
grant execute on function public.fail_webhook_event(bigint, integer, text, integer) to service_role;

create function public.postpone_webhook_event(
  p_event_id bigint,
  p_attempt integer,
  p_error text,
  p_retry_after_seconds integer
)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update private.webhook_events
  set status = 'pending',
      postponed = postponed + 1,
      last_error = left(p_error, 2000),
      next_attempt_at = now() + make_interval(secs => p_retry_after_seconds)
  where id = p_event_id and status = 'processing' and attempts = p_attempt;
  return found;
end;
$$;
comment on function public.postpone_webhook_event(bigint, integer, text, integer) is
  'Puts an event back without counting the attempt. False if the claim was lost.';
grant execute on function public.postpone_webhook_event(bigint, integer, text, integer) to service_role;

create function public.oldest_open_event_seconds()
returns integer
language sql
stable
security invoker
set search_path = ''
as $$
  select coalesce(extract(epoch from now() - min(received_at)), 0)::integer
  from private.webhook_events
  where status in ('pending', 'processing');
$$;
comment on function public.oldest_open_event_seconds() is 'Age of the oldest event that is not settled; 0 if there is none.';
grant execute on function public.oldest_open_event_seconds() to service_role;

create function private.settle_done(p_event_id bigint)
returns void
language sql
security invoker
set search_path = ''
as $$
  update private.webhook_events
  set status = 'done', reason = null, settled_at = now()
  where id = p_event_id;
$$;
comment on function private.settle_done(bigint) is 'Part of what works an event: its effect is in the same transaction.';
grant execute on function private.settle_done(bigint) to service_role;

create function private.lock_open_event(p_event_id bigint)
returns private.webhook_events
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events;
begin
  -- Waits for another worker that has the same event, and then finds it settled.
  select * into event from private.webhook_events where id = p_event_id for update;
  if event.id is null then
    raise exception 'There is no webhook event %', p_event_id using errcode = 'PT404';
  end if;
  if event.status in ('done', 'ignored') then
    return null;
  end if;
  return event;
end;
$$;
comment on function private.lock_open_event(bigint) is 'Locks an event. Null if it is settled already; raises PT404.';
grant execute on function private.lock_open_event(bigint) to service_role;

create function public.release_held_events(p_user_id uuid default null)
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
declare
  released integer;
begin
  with held_orders as (
    select shop.user_id, event.shop_id, event.object_id, min(event.received_at) as held_since
    from private.webhook_events as event
    join public.tiktok_shops as shop
      on shop.shop_id = event.shop_id and shop.connection_status = 'active'
    where event.status = 'held'
      and (p_user_id is null or shop.user_id = p_user_id)
    group by shop.user_id, event.shop_id, event.object_id
  ), room as (
    select
      seller.user_id,
      private.monthly_order_limit(seller.user_id) - private.monthly_order_count(seller.user_id) as orders
    from (select distinct user_id from held_orders) as seller
  ), next_orders as (
    select held.shop_id, held.object_id
    from (
      select
        held_orders.*,
        row_number() over (partition by user_id order by held_since, object_id) as place
      from held_orders
    ) as held
    join room on room.user_id = held.user_id
    where held.place <= room.orders
  )
  update private.webhook_events as event
  set status = 'pending', reason = null, settled_at = null, attempts = 0, postponed = 0, next_attempt_at = now()
  from next_orders
  where event.status = 'held'
    and event.shop_id = next_orders.shop_id
    and event.object_id = next_orders.object_id;
  get diagnostics released = row_count;
  return released;
end;
$$;
comment on function public.release_held_events(uuid) is
  'Reopens the oldest held orders of one seller, or of each, as many as the plan now has room for. Returns the number of events. Each is checked again when it is ingested.';
grant execute on function public.release_held_events(uuid) to service_role;
