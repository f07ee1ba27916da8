-- Listing, showing and counting events; `deno task events` calls the same functions. Filters have no indexes of
-- their own, since each would be written with every webhook: counting 300,000 events takes 150 ms.

/*
  Arguments: p_filter {status, source, event_type, shop_id, object_id, reason, error, received_after, received_before}:
             every key is optional, all given keys must match; error matches a part of last_error in any case;
             received_after is inclusive, received_before exclusive.
  Returns:   a condition on private.inbox_events.
  Errors:    PT400, invalid filter.
*/
create function private.webhook_event_condition(p_filter jsonb)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  filters constant text[] := array[
    'status', 'source', 'event_type', 'shop_id', 'object_id', 'reason', 'error',
    'received_after', 'received_before'
  ];
  choices constant jsonb := '{
    "status": ["pending", "processing", "failing", "done", "ignored", "held", "dead"],
    "source": ["tiktok", "stripe", "easypost", "creatorflow"]
  }';
  conditions text[] := array['true'];
  given record;
  wanted text;
begin
  -- 1. Require an object.
  if p_filter is null or jsonb_typeof(p_filter) <> 'object' then
    raise exception 'The filter has to be an object, such as {"status": "dead"}' using errcode = 'PT400';
  end if;
  for given in select entry.key, entry.value from jsonb_each(p_filter) as entry loop
    -- 2. Require a known key.
    if given.key <> all (filters) then
      raise exception 'Unknown filter "%"; known filters: %',
        left(given.key, 100), array_to_string(filters, ', ')
        using errcode = 'PT400';
    end if;
    wanted := given.value #>> '{}';
    -- 3. Require a text, for ids too: JSON numbers lose the last digits of a TikTok id.
    if jsonb_typeof(given.value) <> 'string' or wanted = '' then
      raise exception 'The filter "%" takes a text', given.key using errcode = 'PT400';
    end if;
    -- 4. Require one of the choices, or a time.
    if choices ? given.key and not (choices -> given.key) ? wanted then
      raise exception 'The filter "%" takes one of %',
        given.key,
        (select string_agg(choice, ', ') from jsonb_array_elements_text(choices -> given.key) as choice)
        using errcode = 'PT400';
    end if;
    if given.key in ('received_after', 'received_before') then
      begin
        wanted := wanted::timestamptz::text;
      exception
        when data_exception then
          raise exception 'The filter "%" takes a time such as 2026-11-23T10:00:00Z', given.key
            using errcode = 'PT400';
      end;
    end if;
    -- 5. Add the condition with a quoted value.
    conditions := conditions || case given.key
      when 'error' then format('position(lower(%L) in lower(last_error)) > 0', wanted)
      -- The rows of these are in event_queue, among few.
      when 'status' then case
        when wanted in ('done', 'ignored') then format('status = %L', wanted)
        else format(
          'status = %1$L and id in (select event_id from private.event_queue where event_queue.status = %1$L)', wanted
        )
      end
      when 'received_after' then format('received_at >= %L', wanted)
      when 'received_before' then format('received_at < %L', wanted)
      else format('%I = %L', given.key, wanted)
    end;
  end loop;
  return array_to_string(conditions, ' and ');
end;
$$;
comment on function private.webhook_event_condition(jsonb) is
  'SQL condition for a filter of webhook events, as text, so each filter is planned separately and finds its index.';
grant execute on function private.webhook_event_condition(jsonb) to service_role;

create function private.webhook_event_summary(event private.inbox_events)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'event_id', event.id,
    'source', event.source,
    'external_id', event.external_id,
    'event_type', event.event_type,
    'shop_id', event.shop_id,
    'object_id', event.object_id,
    'status', event.status,
    'attempts', event.attempts,
    'crashes', event.crashes,
    'failing_since', event.failing_since,
    'reason', event.reason,
    'last_error', event.last_error,
    'received_at', event.received_at,
    'next_attempt_at', event.next_attempt_at,
    'settled_at', event.settled_at,
    'request_id', event.request_id
  );
end;
$$;
comment on function private.webhook_event_summary(private.inbox_events) is
  'An event without its body, which may contain personal data.';
grant execute on function private.webhook_event_summary(private.inbox_events) to service_role;

/*
  Arguments: p_filter, see private.webhook_event_condition; p_limit, 1 to 1000; p_before, the next_before of the page
             before.
  Returns:   {events: [{event_id, source, external_id, event_type, shop_id, object_id, status, attempts, crashes,
             failing_since, reason, last_error, received_at, next_attempt_at, settled_at, request_id}], next_before}; next_before
             is null on the last page.
  Errors:    PT400, invalid filter or limit.
*/
create function public.list_webhook_events(
  p_filter jsonb,
  p_limit integer default 50,
  p_before bigint default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  condition text := private.webhook_event_condition(p_filter);
  events jsonb;
  next_before jsonb;
begin
  if p_limit is null or p_limit not between 1 and 1000 then
    raise exception 'p_limit has to be 1 to 1000' using errcode = 'PT400';
  end if;
  execute format(
    $query$
      select coalesce(jsonb_agg(private.webhook_event_summary(event) order by event.id desc), '[]')
      from (
        select *
        from private.inbox_events
        where %s and ($1 is null or id < $1)
        order by id desc
        limit $2
      ) as event
    $query$,
    condition
  )
  into events
  -- One more than the limit shows whether another page follows.
  using p_before, p_limit + 1;
  if jsonb_array_length(events) > p_limit then
    events := events - p_limit;
    next_before := events -> (p_limit - 1) -> 'event_id';
  end if;
  return jsonb_build_object('events', events, 'next_before', next_before);
end;
$$;
comment on function public.list_webhook_events(jsonb, integer, bigint) is
  'Lists the events of a filter, newest first, without bodies.';
grant execute on function public.list_webhook_events(jsonb, integer, bigint) to service_role;

/*
  Arguments: p_event_id; p_with_body; p_reader, name of the person who reads the body.
  Returns:   the event, as list_webhook_events returns it, with body_characters; p_with_body adds body.
  Errors:    PT404, unknown event.
*/
create function public.show_webhook_event(
  p_event_id bigint,
  p_with_body boolean default false,
  p_reader text default null
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.inbox_events;
  shown jsonb;
begin
  select * into event from private.inbox_events where id = p_event_id;
  if event.id is null then
    raise exception 'Unknown webhook event %', p_event_id using errcode = 'PT404';
  end if;
  shown := private.webhook_event_summary(event)
    || jsonb_build_object('body_characters', char_length(event.body));
  if p_with_body then
    -- Our own tasks have no personal data.
    if event.source <> 'creatorflow' then
      perform private.record_personal_data_read(p_reader, 'event_body', array[p_event_id::text]);
    end if;
    shown := shown || jsonb_build_object('body', event.body);
  end if;
  return shown;
end;
$$;
comment on function public.show_webhook_event(bigint, boolean, text) is
  'One event; reading its body, which may contain personal data, is logged.';
grant execute on function public.show_webhook_event(bigint, boolean, text) to service_role;

create function private.is_replayable(p_event private.inbox_events)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return case p_event.status
    when 'processing' then false
    -- A task that was enqueued for later waits without an attempt.
    when 'pending' then p_event.attempts > 0 and p_event.next_attempt_at > now()
    else true
  end;
end;
$$;
comment on function private.is_replayable(private.inbox_events) is
  'Whether a replay changes the event: it is settled, or waits after a failed attempt.';
grant execute on function private.is_replayable(private.inbox_events) to service_role;

/*
  Arguments: p_filter, see private.webhook_event_condition.
  Returns:   [{status, source, event_type, events, replayable, oldest_received_at}]; replayable is how many of the events
             a replay would change.
  Errors:    PT400, invalid filter.
*/
create function public.count_webhook_events(p_filter jsonb default '{}')
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  counts jsonb;
begin
  execute format(
    $query$
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'status', status,
            'source', source,
            'event_type', event_type,
            'events', events,
            'replayable', replayable,
            'oldest_received_at', oldest_received_at
          )
          order by status, source, event_type
        ),
        '[]'
      )
      from (
        select status, source, event_type, count(*) as events,
          count(*) filter (where private.is_replayable(inbox_events)) as replayable,
          min(received_at) as oldest_received_at
        from private.inbox_events
        where %s
        group by status, source, event_type
      ) as kind
    $query$,
    private.webhook_event_condition(p_filter)
  )
  into counts;
  return counts;
end;
$$;
comment on function public.count_webhook_events(jsonb) is
  'Counts the events of a filter by status, source and type.';
grant execute on function public.count_webhook_events(jsonb) to service_role;
