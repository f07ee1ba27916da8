-- Results of events that no effect has settled: workers report many at a time, each with its claim.

/*
  Arguments: p_event_id and p_claim, the claim; p_error for operators; p_retry_after_seconds, the minimum delay.
  Returns:   the new status (pending, failing or dead), null if the claim was lost.
*/
create function private.fail_webhook_event(
  p_event_id bigint,
  p_claim integer,
  p_error text,
  p_retry_after_seconds integer default null
)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events;
begin
  select * into event from private.webhook_events where id = p_event_id for update;
  if not private.has_claim(p_event_id, p_claim) then
    return null;
  end if;
  event.attempts := event.attempts + 1;
  event.last_error := left(p_error, 2000);
  return private.set_back_event(
    event,
    event.attempts >= private.max_webhook_attempts(),
    'attempts_exhausted',
    -- Attempt 10 comes 2 to 4 h after attempt 1.
    private.backoff(event.attempts, 7200),
    make_interval(secs => coalesce(p_retry_after_seconds, 0))
  );
end;
$$;
comment on function private.fail_webhook_event(bigint, integer, text, integer) is
  'Counts a failure: the next attempt comes with exponential backoff and jitter, after the tenth each hour, after seven more days never.';
grant execute on function private.fail_webhook_event(bigint, integer, text, integer) to service_role;

/*
  Arguments: p_event_id and p_claim, the claim; p_error for operators; p_retry_after_seconds, the wait;
             p_while_paused, whether the wait ends when the shop is active again: its connection is locked.
  Returns:   pending; null if the claim was lost.
*/
create function private.postpone_webhook_event(
  p_event_id bigint,
  p_claim integer,
  p_error text,
  p_retry_after_seconds integer,
  p_while_paused boolean default false
)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events;
  next_attempt timestamptz;
begin
  select * into event from private.webhook_events where id = p_event_id for update;
  if not private.has_claim(p_event_id, p_claim) then
    return null;
  end if;
  next_attempt := now() + case
    -- The shop may be active again since the claim: its waiting events have been made due already.
    when p_while_paused and event.shop_id is not null and not exists (
      select from public.tiktok_shops as shop
      where shop.shop_id = event.shop_id and shop.connection_status = 'paused'
    ) then interval '0'
    else make_interval(secs => p_retry_after_seconds)
  end;
  perform private.requeue_events(
    array[p_event_id],
    'pending',
    next_attempt,
    case
      -- TikTok may deactivate a shop for weeks: what waits for it does not wait for us.
      when p_while_paused then next_attempt
      when event.failing_since is not null then now()
    end
  );
  update private.webhook_events
  set status = 'pending',
      reason = null,
      -- The wait does not use up the seven days of a failing event.
      failing_since = null,
      last_error = left(p_error, 2000)
  where id = p_event_id;
  return 'pending';
end;
$$;
comment on function private.postpone_webhook_event(bigint, integer, text, integer, boolean) is
  'Schedules the next attempt without counting this one.';
grant execute on function private.postpone_webhook_event(bigint, integer, text, integer, boolean) to service_role;

/*
  Arguments: p_event_id and p_claim, the claim.
  Returns:   pending or failing, as before the claim; null if the claim was lost.
*/
create function private.return_unstarted_event(p_event_id bigint, p_claim integer)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
declare
  status_before text;
begin
  -- A claim does not write the inbox.
  select status into status_before from private.webhook_events where id = p_event_id for update;
  if not private.has_claim(p_event_id, p_claim) then
    return null;
  end if;
  perform private.requeue_events(array[p_event_id], status_before, now());
  return status_before;
end;
$$;
comment on function private.return_unstarted_event(bigint, integer) is
  'Ends the claim of an event that its worker had no slot for: it is due at once, and nothing is counted.';
grant execute on function private.return_unstarted_event(bigint, integer) to service_role;

/*
  Arguments: p_event_ids, p_claims and p_reasons of results; the reason of another result is null; p_locked, those of the
             events that are locked, as are the connections of their shops.
  Returns:   the new statuses, by event id: ignored, or pending if the event waits for a shop that was connected after
             the claim. Connecting reopens only ignored events: these are reopened here.
*/
create function private.ignore_webhook_events(
  p_event_ids bigint[],
  p_claims integer[],
  p_reasons text[],
  p_locked bigint[]
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
-- The results are joined by a hash: a loop would search the list of locked events again for each of them.
set enable_nestloop = off
as $$
declare
  reopened bigint[] := '{}';
  statuses jsonb;
begin
  if 'shop_not_connected' = any (p_reasons) then
    reopened := array(
      select event.id
      from private.webhook_events as event
      join unnest(p_event_ids, p_claims, p_reasons) as result (event_id, claim, reason) on result.event_id = event.id
      where event.id = any (p_locked)
        and result.reason = 'shop_not_connected'
        and private.has_claim(event.id, result.claim)
        -- Counted, so that each shop is looked up: as a join it would read all shops.
        and (
          select count(*) from public.tiktok_shops as shop
          where shop.shop_id = event.shop_id and shop.connection_status in ('active', 'paused')
        ) > 0
    );
    perform private.requeue_events(reopened, 'pending', now());
    perform private.reopen_webhook_events(reopened);
  end if;
  with unqueued as (
    -- From the queue at once, in place of the trigger.
    delete from private.event_queue as queued
    using unnest(p_event_ids, p_claims, p_reasons) as result (event_id, claim, reason)
    where queued.event_id = any (p_locked)
      and queued.event_id = result.event_id
      and result.reason is not null
      -- Its claim was not lost; in this form, so that rows are found by the key and not among all claimed ones.
      and case queued.status when 'processing' then queued.claims end = result.claim
    returning queued.event_id, queued.claims, result.reason
  ), ignored as (
    update private.webhook_events as event
    set status = 'ignored', reason = unqueued.reason, settled_at = now(), claims = unqueued.claims
    from unqueued
    where event.id = any (p_locked) and event.id = unqueued.event_id
    returning event.id, event.status
  )
  select coalesce(jsonb_object_agg(id, status), '{}') into statuses
  from (select id, status from ignored union all select id, 'pending' from unnest(reopened) as id) as settled;
  return statuses;
end;
$$;
comment on function private.ignore_webhook_events(bigint[], integer[], text[], bigint[]) is
  'Part of settle_webhook_events: settles the events that need no action.';
grant execute on function private.ignore_webhook_events(bigint[], integer[], text[], bigint[]) to service_role;

/*
  Arguments: p_results, each event once: {event_id, claim} with ignored, a code; or failed, a text for operators, and
             retry_after_seconds, the minimum delay or null; or postponed, a text, retry_after_seconds, the wait, and
             while_paused, whether the wait ends when the shop is active again; or unstarted.
  Returns:   the new status of each, in their order: ignored, pending, failing or dead; null if its claim was lost; locked,
             and nothing done, if another transaction has the event: a call with this result alone waits for it.
*/
create function public.settle_webhook_events(p_results jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
-- Its statements find rows by keys: their plans hold however many wait, and are made once.
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
declare
  event_ids bigint[];
  claims integer[];
  reasons text[];
  depends_on_shops boolean;
  statuses jsonb := '{}';
  result jsonb;
  locked bigint[];
begin
  select
    coalesce(array_agg(event_id order by event_id), '{}'),
    array_agg(claim order by event_id),
    array_agg(ignored order by event_id),
    bool_or(ignored = 'shop_not_connected' or while_paused)
  into event_ids, claims, reasons, depends_on_shops
  from jsonb_to_recordset(p_results) as listed (event_id bigint, claim integer, ignored text, while_paused boolean);
  -- 1. Lock the shops on whose connection a result depends, then the events: docs/architecture.md.
  if depends_on_shops then
    perform private.lock_tiktok_shops(variadic array(
      select event.shop_id
      from private.webhook_events as event
      join jsonb_to_recordset(p_results) as result (event_id bigint, ignored text, while_paused boolean)
        on result.event_id = event.id and (result.ignored = 'shop_not_connected' or result.while_paused)
      where event.id = any (event_ids) and event.shop_id is not null
    ));
  end if;
  if cardinality(event_ids) = 1 then
    locked := array(select id from private.webhook_events where id = event_ids[1] for update);
  else
    -- The deletion of an account locks events shop by shop: waiting here for the second of two could be a deadlock.
    locked := array(
      select id from private.webhook_events where id = any (event_ids) order by id for update skip locked
    );
  end if;
  -- 2. Settle what needs no action, at once; put the others back, one by one.
  if cardinality(array_remove(reasons, null)) > 0 then
    statuses := private.ignore_webhook_events(event_ids, claims, reasons, locked);
  end if;
  if array_position(reasons, null) is not null then
    for result in
      select entry
      from jsonb_array_elements(p_results) as entry
      where entry ?| array['failed', 'postponed', 'unstarted'] and (entry ->> 'event_id')::bigint = any (locked)
    loop
      statuses := statuses || jsonb_build_object(
        result ->> 'event_id',
        case
          when result ? 'unstarted' then private.return_unstarted_event(
            (result ->> 'event_id')::bigint, (result ->> 'claim')::integer
          )
          when result ? 'failed' then private.fail_webhook_event(
            (result ->> 'event_id')::bigint, (result ->> 'claim')::integer, result ->> 'failed',
            (result ->> 'retry_after_seconds')::numeric::integer
          )
          else private.postpone_webhook_event(
            (result ->> 'event_id')::bigint, (result ->> 'claim')::integer, result ->> 'postponed',
            (result ->> 'retry_after_seconds')::numeric::integer, (result -> 'while_paused') = 'true'
          )
        end
      );
    end loop;
  end if;
  -- 3. Name those that another transaction has.
  if cardinality(locked) < cardinality(event_ids) then
    statuses := statuses || (
      select coalesce(jsonb_object_agg(id, 'locked'), '{}')
      from private.webhook_events where id = any (event_ids) and id <> all (locked)
    );
  end if;
  return (
    select coalesce(jsonb_agg(statuses -> (listed.entry ->> 'event_id') order by listed.n), '[]')
    from jsonb_array_elements(p_results) with ordinality as listed (entry, n)
  );
end;
$$;
comment on function public.settle_webhook_events(jsonb) is
  'Ends the claims of events that no effect has settled: ignores, fails, postpones or returns each, in one transaction.';
grant execute on function public.settle_webhook_events(jsonb) to service_role;
