-- Settling events with their effect. A function that applies an event locks it with lock_open_event and ends with
-- settle_locked_event, so the effect and the settled status are committed together.

create function private.lock_event(p_event_id bigint)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform 1 from private.webhook_events where id = p_event_id for update;
end;
$$;
comment on function private.lock_event(bigint) is
  'Locks an event that the calling function settles at its end; does nothing for null.';
grant execute on function private.lock_event(bigint) to service_role;

/*
  Arguments: p_event_id; p_user_ids, the sellers whose rows the calling function locks afterwards.
  Returns:   the event; null if it is already done or ignored.
  Errors:    PT404, unknown event.
*/
create function private.lock_open_event(p_event_id bigint, p_user_ids uuid[] default '{}')
returns private.webhook_events
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events;
begin
  if p_user_ids <> '{}' then
    perform private.lock_sellers(variadic p_user_ids);
  end if;
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
comment on function private.lock_open_event(bigint, uuid[]) is
  'Locks the sellers, then an event for the function that applies its effect.';
grant execute on function private.lock_open_event(bigint, uuid[]) to service_role;

/*
  Arguments: p_event_id; p_tiktok_shop_id, the connection that the calling function is about.
  Returns, Errors: as lock_open_event.
*/
create function private.lock_event_of_shop(p_event_id bigint, p_tiktok_shop_id uuid)
returns private.webhook_events
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.lock_seller_and_shop(p_tiktok_shop_id);
  return private.lock_open_event(p_event_id);
end;
$$;
comment on function private.lock_event_of_shop(bigint, uuid) is
  'Locks the seller and the TikTok shop, then an event for the function that applies its effect.';
grant execute on function private.lock_event_of_shop(bigint, uuid) to service_role;

/*
  Arguments: p_event_ids; the caller has locked the sellers.
  Returns:   those that are neither done, ignored nor deleted, locked.
*/
create function private.lock_open_events(p_event_ids bigint[])
returns bigint[]
language plpgsql
security invoker
set search_path = ''
as $$
begin
  return array(
    select id
    from (
      select id, status from private.webhook_events where id = any (p_event_ids) order by id for update
    ) as locked
    where status not in ('done', 'ignored')
  );
end;
$$;
comment on function private.lock_open_events(bigint[]) is
  'Locks several events for the function that applies their one effect.';
grant execute on function private.lock_open_events(bigint[]) to service_role;

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

create function private.settle_events(p_event_ids bigint[])
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  with unqueued as (
    -- From the queue at once, in place of the trigger.
    delete from private.event_queue where event_id = any (p_event_ids)
    returning event_id, claims
  )
  update private.webhook_events as event
  set status = 'done', reason = null, settled_at = now(), claims = unqueued.claims
  from unqueued
  where event.id = unqueued.event_id;
end;
$$;
comment on function private.settle_events(bigint[]) is
  'Settles several open events, which are locked, in the transaction of their effects.';
grant execute on function private.settle_events(bigint[]) to service_role;

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

/*
  Arguments: p_event_ids, whose rows in the inbox are locked.
  Returns:   those that a worker has claimed; no other can be claimed until the transaction ends.
*/
create function private.lock_claims(p_event_ids bigint[])
returns bigint[]
language plpgsql
security invoker
set search_path = ''
as $$
begin
  return array(
    select event_id
    from (
      -- Waits only for a claim, which waits for nothing.
      select event_id, status from private.event_queue where event_id = any (p_event_ids) order by event_id for update
    ) as locked
    where status = 'processing'
  );
end;
$$;
comment on function private.lock_claims(bigint[]) is
  'Locks the rows of locked events in the queue too, against claims.';
grant execute on function private.lock_claims(bigint[]) to service_role;

create function private.max_reopened_events()
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return 1000;
end;
$$;
comment on function private.max_reopened_events() is
  'Number of events that one statement makes due again: tens of thousands take longer than the 8 s that the API gives it.';
grant execute on function private.max_reopened_events() to service_role;

create function private.reopen_webhook_events(p_event_ids bigint[])
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if cardinality(p_event_ids) = 0 then
    return;
  end if;
  -- A worker may have claimed one since: it keeps its claim, and what it has read.
  p_event_ids := array(select unnest(p_event_ids) except all select unnest(private.lock_claims(p_event_ids)));
  perform private.requeue_events(p_event_ids, 'pending', now(), now());
  update private.webhook_events
  set status = 'pending',
      reason = null,
      settled_at = null,
      attempts = 0,
      crashes = 0,
      failing_since = null
  where id = any (p_event_ids);
end;
$$;
comment on function private.reopen_webhook_events(bigint[]) is
  'Makes locked events that no worker has claimed due now with their attempts reset; keeps last_error.';
grant execute on function private.reopen_webhook_events(bigint[]) to service_role;
