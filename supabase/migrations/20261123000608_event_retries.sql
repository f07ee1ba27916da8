-- Events whose worker failed or was lost: how often they are tried again, and after which wait.

create function private.max_webhook_attempts()
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return 10;
end;
$$;
comment on function private.max_webhook_attempts() is
  'Number of failures after which an event is tried again only each hour.';
grant execute on function private.max_webhook_attempts() to service_role;

create function private.max_webhook_crashes()
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return 20;
end;
$$;
comment on function private.max_webhook_crashes() is
  'Number of lost workers after which an event is tried again only each hour.';
grant execute on function private.max_webhook_crashes() to service_role;

create function private.failing_interval()
returns interval
language plpgsql
immutable
set search_path = ''
as $$
begin
  return interval '7 days';
end;
$$;
comment on function private.failing_interval() is
  'How long a failing event is tried again before it is dead.';
grant execute on function private.failing_interval() to service_role;

create function private.backoff(p_failures integer, p_longest_seconds integer)
returns interval
language plpgsql
volatile
set search_path = ''
as $$
begin
  return make_interval(
    secs => least(30 * 2 ^ least(p_failures - 1, 20), p_longest_seconds) * (0.5 + random() / 2)
  );
end;
$$;
comment on function private.backoff(integer, integer) is
  'Wait after so many failures: 30 s, doubled each time up to the longest wait; up to one half of it is left out at random.';
grant execute on function private.backoff(integer, integer) to service_role;

/*
  Arguments: p_event_ids; p_status; p_next_attempt_at; p_open_since, since when they wait for us, null if that stays.
*/
create function private.requeue_events(
  p_event_ids bigint[],
  p_status text,
  p_next_attempt_at timestamptz,
  p_open_since timestamptz default null
)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update private.event_queue
  set status = p_status,
      next_attempt_at = p_next_attempt_at,
      open_since = coalesce(p_open_since, open_since)
  where event_id = any (p_event_ids);
end;
$$;
comment on function private.requeue_events(bigint[], text, timestamptz, timestamptz) is
  'Ends the claims of locked events: they wait in the queue; the caller changes their rows in the inbox.';
grant execute on function private.requeue_events(bigint[], text, timestamptz, timestamptz) to service_role;

/*
  Arguments: p_event, locked, with its counts raised; p_exhausted, whether it has no attempt left; p_reason, the code
             that says why; p_wait before the next attempt; p_retry_after, the shortest wait of the other side.
  Returns:   the new status: pending; failing, tried again within the hour; dead after seven days of that.
*/
create function private.set_back_event(
  p_event private.webhook_events,
  p_exhausted boolean,
  p_reason text,
  p_wait interval,
  p_retry_after interval default '0'
)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
declare
  new_status text := case
    when p_event.failing_since <= now() - private.failing_interval() then 'dead'
    when p_exhausted or p_event.failing_since is not null then 'failing'
    else 'pending'
  end;
begin
  perform private.requeue_events(
    array[p_event.id],
    new_status,
    -- Spread, so failing events of one outage do not come due in one second.
    now() + greatest(
      case when new_status = 'failing' then interval '1 hour' * (0.8 + random() / 5) else p_wait end,
      p_retry_after
    )
  );
  update private.webhook_events
  set status = new_status,
      attempts = p_event.attempts,
      crashes = p_event.crashes,
      last_error = p_event.last_error,
      reason = case when new_status <> 'pending' then p_reason end,
      failing_since = case when new_status <> 'pending' then coalesce(failing_since, now()) end,
      settled_at = case when new_status = 'dead' then now() end
  where id = p_event.id;
  return new_status;
end;
$$;
comment on function private.set_back_event(private.webhook_events, boolean, text, interval, interval) is
  'Sets a processing event back for a later attempt, or ends it.';
grant execute on function private.set_back_event(private.webhook_events, boolean, text, interval, interval) to service_role;

/*
  Arguments: p_limit, the maximum number of events.
  A worker that another process killed says nothing about its event: the first crashes cost no wait.
*/
create function private.set_back_lost_events(p_limit integer)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events;
begin
  for event in
    select lost.*
    from (
      select event_id
      from private.event_queue
      where status = 'processing' and next_attempt_at <= now()
      order by next_attempt_at
      limit p_limit
    ) as entry
    join private.event_queue as queued on queued.event_id = entry.event_id
    join private.webhook_events as lost on lost.id = entry.event_id
    where queued.status = 'processing' and queued.next_attempt_at <= now()
    order by queued.next_attempt_at
    -- A late worker that is applying its event has locked it: it is not lost.
    for update of lost, queued skip locked
  loop
    event.crashes := event.crashes + 1;
    perform private.set_back_event(
      event,
      event.crashes >= private.max_webhook_crashes(),
      'workers_lost',
      case when event.crashes > 3 then private.backoff(event.crashes - 3, 3600) else interval '0' end
    );
  end loop;
end;
$$;
comment on function private.set_back_lost_events(integer) is
  'Counts a crash for each event whose lease expired without a result, and makes it due again.';
grant execute on function private.set_back_lost_events(integer) to service_role;
