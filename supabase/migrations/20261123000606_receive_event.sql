-- Receiving: a verified webhook is stored once, under an id that was never used.

/*
  Arguments: p_event, with source, external_id, event_type, shop_id, object_id, body, content_digest, and the reason of an
             event that is ignored.
  Returns:   its id; null if the id is stored, or is that of a deleted event.
*/
create function private.insert_new_event(p_event private.webhook_events)
returns bigint
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event_id bigint;
begin
  insert into private.webhook_events (
    source, external_id, event_type, shop_id, object_id, body, content_digest, status, reason, settled_at
  )
  values (
    p_event.source, p_event.external_id, p_event.event_type, p_event.shop_id, p_event.object_id, p_event.body,
    p_event.content_digest,
    case when p_event.reason is null then 'pending' else 'ignored' end,
    p_event.reason,
    case when p_event.reason is not null then now() end
  )
  on conflict (source, external_id) do nothing
  returning id into event_id;
  -- Looked up afterwards: the insert waits for a deletion of the same id that is not committed yet.
  if exists (
    select from private.deleted_event_ids
    where source = p_event.source and external_id = p_event.external_id
  ) then
    raise exception 'The event was deleted' using errcode = 'CF001';
  end if;
  return event_id;
exception
  -- Takes the insert back.
  when sqlstate 'CF001' then
    return null;
end;
$$;
comment on function private.insert_new_event(private.webhook_events) is
  'Stores an event under an id that was never used.';
grant execute on function private.insert_new_event(private.webhook_events) to service_role;

/*
  Arguments: p_source and p_external_id identify the event; p_shop_id and p_object_id may be null; p_body as received;
             p_content_digest, a digest of what is equal in every delivery of the event, null to compare no bodies;
             p_ignored, the reason if the event is settled as soon as it is stored.
  Returns:   {event_id, duplicate, due}; event_id is null if the event was deleted; due: it can be processed now.
*/
create function public.receive_webhook_event(
  p_source text,
  p_external_id text,
  p_event_type text,
  p_shop_id text,
  p_object_id text,
  p_body text,
  p_content_digest text default null,
  p_ignored text default null
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events;
  stored private.webhook_events;
begin
  -- 1. Store the event, unless its id was used before.
  event.source := p_source;
  event.external_id := p_external_id;
  event.event_type := p_event_type;
  event.shop_id := p_shop_id;
  event.object_id := p_object_id;
  event.body := p_body;
  event.content_digest := p_content_digest;
  event.reason := p_ignored;
  event.id := private.insert_new_event(event);
  if event.id is not null then
    return jsonb_build_object('event_id', event.id, 'duplicate', false, 'due', p_ignored is null);
  end if;
  -- 2. Another body under the id is an event of its own: it may state something else.
  select * into stored
  from private.webhook_events
  where source = p_source and external_id = p_external_id;
  if stored.content_digest <> p_content_digest then
    return public.receive_webhook_event(
      p_source, p_external_id || ':' || p_content_digest, p_event_type, p_shop_id, p_object_id, p_body,
      p_content_digest, p_ignored
    );
  end if;
  return jsonb_build_object(
    'event_id', stored.id,
    'duplicate', true,
    'due', exists (
      select from private.event_queue as queued
      where queued.event_id = stored.id and queued.status in ('pending', 'processing') and queued.next_attempt_at <= now()
    )
  );
end;
$$;
comment on function public.receive_webhook_event(text, text, text, text, text, text, text, text) is
  'Stores a verified webhook once; another body under the same id is kept as well.';
grant execute on function public.receive_webhook_event(text, text, text, text, text, text, text, text) to service_role;
