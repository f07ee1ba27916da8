-- Claiming and settling events. A function that applies an event locks it with lock_open_event and ends with
-- settle_locked_event, so the effect and the settled status are committed together.

create function private.max_webhook_attempts()
returns integer
language sql
immutable
set search_path = ''
as $$
  select 10;
$$;
comment on function private.max_webhook_attempts() is
  'Number of attempts after which an event becomes dead.';
grant execute on function private.max_webhook_attempts() to service_role;

/*
  Arguments: p_limit, the maximum number of events; p_lease_seconds, how long the claim lasts.
  Returns:   [{event_id, attempt, source, event_type, shop_id, object_id, body, shop}]; shop is the active connection
             {id, user_id, shop_id, shop_cipher, access_token, token_version}, or null.
*/
create function public.claim_webhook_events(p_limit integer, p_lease_seconds integer)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  claimed jsonb;
begin
  -- 1. Mark events dead whose last lease expired without a result; fail_webhook_event settles reported failures.
  update private.webhook_events
  set status = 'dead',
      reason = 'workers_lost',
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

  -- 2. Order the due events round-robin by shop, oldest first.
  -- 3. Lock and claim them.
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
  -- 4. Return each one with the active connection of its shop.
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
            -- Some webhooks name only an order.
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
  'Claims due events for a worker; shops take turns, so many events of one shop delay no other shop.';
grant execute on function public.claim_webhook_events(integer, integer) to service_role;

/*
  Arguments: p_shop_ids in ascending order; p_exclusive.
*/
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
  'Advisory lock on each shop: exclusive to connect it, shared to ignore an event because it is not connected.';
grant execute on function private.lock_shop_connections(text[], boolean) to service_role;

/*
  Arguments: p_event_id and p_attempt, the claim; p_reason, a code.
  Returns:   false if the claim was lost.
*/
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
    -- The shop was connected after the claim. Connecting reopens only ignored events: reopen this one here.
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
  'Settles an event that needs no action; an event whose shop was connected in the meantime becomes due again.';
grant execute on function public.ignore_webhook_event(bigint, integer, text) to service_role;

/*
  Arguments: p_event_id and p_attempt, the claim; p_error for operators; p_retry_after_seconds, the minimum delay.
  Returns:   the new status (pending or dead), null if the claim was lost.
*/
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
      reason = case when attempts - postponed < private.max_webhook_attempts() then null else 'attempts_exhausted' end,
      settled_at = case when attempts - postponed < private.max_webhook_attempts() then null else now() end,
      last_error = left(p_error, 2000),
      -- Exponential backoff from 30 s to 2 h, half of it random: attempt 10 comes 2 to 4 h after attempt 1.
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
  'Schedules the next attempt with exponential backoff and jitter, or marks the event dead after the last attempt.';
grant execute on function public.fail_webhook_event(bigint, integer, text, integer) to service_role;

/*
  Arguments: p_event_id and p_attempt, the claim; p_error for operators; p_retry_after_seconds, the wait.
  Returns:   false if the claim was lost.
*/
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
  'Schedules the next attempt without counting this one.';
grant execute on function public.postpone_webhook_event(bigint, integer, text, integer) to service_role;

/*
  Arguments: p_event_id.
  Returns:   the event; null if it is already done or ignored.
  Errors:    PT404, unknown event.
*/
create function private.lock_open_event(p_event_id bigint)
returns private.webhook_events
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events;
begin
  -- Waits while another worker applies the same event, then sees its result.
  select * into event from private.webhook_events where id = p_event_id for update;
  if event.id is null then
    raise exception 'Unknown webhook event %', p_event_id using errcode = 'PT404';
  end if;
  if event.status in ('done', 'ignored') then
    return null;
  end if;
  return event;
end;
$$;
comment on function private.lock_open_event(bigint) is
  'Locks an event for the function that applies its effect.';
grant execute on function private.lock_open_event(bigint) to service_role;

/*
  Arguments: p_event_id; p_status: done, ignored or held; p_reason, the code of an ignored or held event; p_object_id
             replaces the stored one unless null.
*/
create function private.settle_event(
  p_event_id bigint,
  p_status text default 'done',
  p_reason text default null,
  p_object_id text default null
)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update private.webhook_events
  set status = p_status,
      reason = p_reason,
      object_id = coalesce(p_object_id, object_id),
      settled_at = now()
  where id = p_event_id;
end;
$$;
comment on function private.settle_event(bigint, text, text, text) is
  'Settles an event in the transaction of its effect; does nothing for null.';
grant execute on function private.settle_event(bigint, text, text, text) to service_role;

/*
  Arguments: p_event, the result of lock_open_event; p_result of the calling function; p_status, p_reason and p_object_id
             as in settle_event.
  Returns:   p_result; with outcome "settled", and nothing written, if lock_open_event returned null.
*/
create function private.settle_locked_event(
  p_event private.webhook_events,
  p_result jsonb,
  p_status text default 'done',
  p_reason text default null,
  p_object_id text default null
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if p_event.id is null then
    return p_result || jsonb_build_object('outcome', 'settled');
  end if;
  perform private.settle_event(p_event.id, p_status, p_reason, p_object_id);
  return p_result;
end;
$$;
comment on function private.settle_locked_event(private.webhook_events, jsonb, text, text, text) is
  'Last call of a function that applies an event: settles the event that lock_open_event returned.';
grant execute on function private.settle_locked_event(private.webhook_events, jsonb, text, text, text)
  to service_role;

create function private.reopen_webhook_events(p_event_ids bigint[])
returns void
language sql
security invoker
set search_path = ''
as $$
  update private.webhook_events
  set status = 'pending', reason = null, settled_at = null, attempts = 0, postponed = 0, next_attempt_at = now()
  where id = any (p_event_ids);
$$;
comment on function private.reopen_webhook_events(bigint[]) is
  'Makes locked events due now with their attempts reset; keeps last_error.';
grant execute on function private.reopen_webhook_events(bigint[]) to service_role;
