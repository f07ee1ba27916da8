-- Replaying events; `deno task events` calls the same functions.

/*
  Arguments: p_event_id. A done order event may be replayed: ingest_order updates the same order and does not count
             it again.
  Returns:   {event_id, status_before, replayed}.
  Errors:    PT404, unknown event.
*/
create function public.replay_webhook_event(p_event_id bigint)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.inbox_events;
  is_replayed boolean;
begin
  -- Waits for a worker that is settling or claiming the event, and then reports the new status.
  perform private.lock_event(p_event_id);
  perform private.lock_claims(array[p_event_id]);
  select * into event from private.inbox_events where id = p_event_id;
  if event.id is null then
    raise exception 'Unknown webhook event %', p_event_id using errcode = 'PT404';
  end if;
  is_replayed := private.is_replayable(event);
  if is_replayed then
    perform private.reopen_webhook_events(array[p_event_id]);
  end if;
  insert into public.system_logs (event_type, details)
  values (
    'events_replayed',
    jsonb_build_object('event_id', p_event_id, 'status_before', event.status, 'count', is_replayed::integer)
  );
  return jsonb_build_object(
    'event_id', p_event_id,
    'status_before', event.status,
    'replayed', is_replayed
  );
end;
$$;
comment on function public.replay_webhook_event(bigint) is
  'Makes a settled event, or one that waits after a failed attempt, due now and logs it; another open event stays as it is.';
grant execute on function public.replay_webhook_event(bigint) to service_role;

/*
  Arguments: p_filter, see private.webhook_event_condition, with at least one of status, reason, error, event_type,
             shop_id, object_id; p_limit, 1 to 10000.
  Returns:   {replayed, remaining}; remaining counts the events of the filter that are left.
  Errors:    PT400, invalid filter or limit.
*/
create function public.replay_webhook_events(p_filter jsonb, p_limit integer default 1000)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  condition text := private.webhook_event_condition(p_filter)
    || ' and private.is_replayable(inbox_events)';
  chosen bigint[];
  remaining bigint;
begin
  -- 1. Require a narrow filter: a source or a time alone matches nearly all events.
  if not p_filter ?| array['status', 'reason', 'error', 'event_type', 'shop_id', 'object_id'] then
    raise exception 'Replaying needs a filter with status, reason, error, event_type, shop_id or object_id'
      using errcode = 'PT400';
  end if;
  if p_limit is null or p_limit not between 1 and 10000 then
    raise exception 'p_limit has to be 1 to 10000' using errcode = 'PT400';
  end if;
  -- 2. Lock the oldest that can be replayed; skip locked ones, which the next call finds if they still match.
  execute format(
    $query$
      select coalesce(array_agg(id), '{}')
      from (
        select oldest.id
        from private.webhook_events as oldest
        where exists (select from private.inbox_events where inbox_events.id = oldest.id and %s)
        order by oldest.id
        limit $1
        for update of oldest skip locked
      ) as locked
    $query$,
    condition
  )
  into chosen
  using p_limit;
  -- 3. Reopen them, count the rest and log it.
  perform private.reopen_webhook_events(chosen);
  execute format('select count(*) from private.inbox_events where %s', condition) into remaining;
  insert into public.system_logs (event_type, details)
  values ('events_replayed', jsonb_build_object('filter', p_filter, 'count', cardinality(chosen)));
  return jsonb_build_object('replayed', cardinality(chosen), 'remaining', remaining);
end;
$$;
comment on function public.replay_webhook_events(jsonb, integer) is
  'Makes the oldest events of a filter that are settled, or wait after a failed attempt, due now and logs it; without a status in the filter, done events are included.';
grant execute on function public.replay_webhook_events(jsonb, integer) to service_role;
