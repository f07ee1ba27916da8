-- Shops that TikTok has deactivated, webhooks that a sender no longer sends, and the checks that find them.

/*
  Arguments: p_tiktok_shop_id; p_token_version, the version of the token that TikTok refused; p_reason: shop_inactive or
             seller_inactive.
  Returns:   the seconds until the next probe; null if the shop is not connected, or was connected again since.
*/
create function public.pause_tiktok_shop(p_tiktok_shop_id uuid, p_token_version integer, p_reason text)
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
declare
  paused public.tiktok_shops;
  was_active boolean;
begin
  perform private.lock_seller_and_shop(p_tiktok_shop_id);
  perform from private.tiktok_logins as login
  join public.tiktok_shops as shop on shop.user_id = login.user_id and shop.open_id = login.open_id
  where shop.id = p_tiktok_shop_id and login.token_version = p_token_version
  for update of login;
  if not found then
    return null;
  end if;
  select connection_status = 'active' into was_active from public.tiktok_shops where id = p_tiktok_shop_id;
  update public.tiktok_shops
  set connection_status = 'paused',
      status_reason = p_reason,
      probe_at = now() + interval '1 day'
  where id = p_tiktok_shop_id and connection_status in ('active', 'paused')
  returning * into paused;
  if paused.id is not null and was_active then
    insert into public.system_logs (event_type, details)
    values ('shop_paused', jsonb_build_object('shop_id', paused.shop_id, 'reason', p_reason));
  end if;
  return private.paused_seconds(paused);
end;
$$;
comment on function public.pause_tiktok_shop(uuid, integer, text) is
  'Pauses a shop that TikTok has deactivated, and sets its next probe a day later.';
grant execute on function public.pause_tiktok_shop(uuid, integer, text) to service_role;

/*
  Arguments: p_event_id, the probe; p_tiktok_shop_id.
  Returns:   {outcome}: resumed; settled, the event already was.
*/
create function public.resume_tiktok_shop(p_event_id bigint, p_tiktok_shop_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events;
  resumed public.tiktok_shops;
begin
  perform private.lock_sellers(user_id) from public.tiktok_shops where id = p_tiktok_shop_id;
  -- Alone, against workers that are setting events of the shop back.
  perform private.lock_tiktok_shops_alone(shop_id) from public.tiktok_shops where id = p_tiktok_shop_id;
  event := private.lock_open_event(p_event_id);
  if event.id is not null then
    perform from private.tiktok_logins as login
    join public.tiktok_shops as shop on shop.user_id = login.user_id and shop.open_id = login.open_id
    where shop.id = p_tiktok_shop_id
    for update of login;
    update public.tiktok_shops
    set connection_status = 'active', status_reason = null, probe_at = null
    where id = p_tiktok_shop_id and connection_status = 'paused'
    returning * into resumed;
    if resumed.id is not null then
      perform private.reopen_events_of_shop(resumed.shop_id);
      perform private.enqueue_task('SYNC_ORDERS', resumed.id || ':resumed:' || p_event_id, resumed.shop_id);
      perform private.enqueue_task('CHECK_WEBHOOKS', resumed.id || ':resumed:' || p_event_id, resumed.shop_id);
      insert into public.system_logs (event_type, details)
      values ('shop_resumed', jsonb_build_object('shop_id', resumed.shop_id));
    end if;
  end if;
  return private.settle_locked_event(event, '{"outcome": "resumed"}');
end;
$$;
comment on function public.resume_tiktok_shop(bigint, uuid) is
  'Ends the pause of a shop: its waiting events become due, and a sync finds what happened meanwhile.';
grant execute on function public.resume_tiktok_shop(bigint, uuid) to service_role;

/*
  Arguments: p_event_id, the check; p_tiktok_shop_id; p_webhook_url; p_restored, the topics that were subscribed again.
  Returns:   {outcome}: webhooks_complete, webhooks_restored; settled, the event already was.
*/
create function public.finish_webhook_check(
  p_event_id bigint,
  p_tiktok_shop_id uuid,
  p_webhook_url text,
  p_restored text[]
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
  lost boolean := cardinality(p_restored) > 0;
begin
  if event.id is not null and lost then
    update public.tiktok_shops set webhook_url = p_webhook_url where id = p_tiktok_shop_id;
    insert into public.system_logs (event_type, details)
    values ('webhooks_restored', jsonb_build_object('shop_id', event.shop_id, 'topics', to_jsonb(p_restored)));
    -- Orders whose webhooks were lost meanwhile.
    perform private.enqueue_task('SYNC_ORDERS', p_tiktok_shop_id || ':restored:' || p_event_id, event.shop_id);
  end if;
  return private.settle_locked_event(
    event, jsonb_build_object('outcome', case when lost then 'webhooks_restored' else 'webhooks_complete' end)
  );
end;
$$;
comment on function public.finish_webhook_check(bigint, uuid, text, text[]) is
  'Records the comparison of the webhook subscriptions of a shop, and settles its event.';
grant execute on function public.finish_webhook_check(bigint, uuid, text, text[]) to service_role;

create table private.source_health (
  source text primary key,
  state text not null,
  since timestamptz not null default now(),
  checked_at timestamptz not null default now(),
  last_received_at timestamptz,
  constraint source_health_source_check check (source in ('tiktok', 'stripe', 'easypost')),
  constraint source_health_state_check check (
    state in ('healthy', 'silent', 'webhook_missing', 'webhook_switched_off')
  )
);
comment on table private.source_health is 'Whether each sender of webhooks still sends them: docs/inbox.md.';
comment on column private.source_health.state is 'silent: our own reads found changes that no webhook announced; webhook_...: the sender has no webhook for us, or switched it off.';
comment on column private.source_health.since is 'When the state began.';
comment on column private.source_health.checked_at is 'When it was last checked.';
comment on column private.source_health.last_received_at is 'When the last webhook of the sender arrived; null without one in the inbox.';

alter table private.source_health enable row level security;
grant select, insert, update on private.source_health to service_role;

create function private.record_source_state(p_source text, p_state text)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  insert into private.source_health as known (source, state, last_received_at)
  values (
    p_source,
    p_state,
    (select max(received_at) from private.webhook_events where source = p_source)
  )
  on conflict (source) do update
    set state = excluded.state,
        since = case when known.state = excluded.state then known.since else now() end,
        checked_at = now(),
        last_received_at = coalesce(excluded.last_received_at, known.last_received_at);
end;
$$;
comment on function private.record_source_state(text, text) is
  'Stores the state of a source, and when it began.';
grant execute on function private.record_source_state(text, text) to service_role;

create function private.is_silent_source(p_source text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return not exists (
      select from private.webhook_events
      where source = p_source and received_at > now() - interval '1 day'
    )
    and case p_source
      when 'tiktok' then exists (
        select from public.system_logs
        where event_type = 'orders_missed' and created_at > now() - interval '1 day'
      )
      when 'easypost' then exists (
        select from public.shipments
        where provider = 'easypost' and tracking_updated_at > now() - interval '1 day'
      )
      when 'stripe' then exists (
        select from public.system_logs
        where event_type in ('subscriptions_reconciled', 'subscriptions_differ')
          and created_at > now() - interval '1 day'
          and (details ->> 'repaired')::integer > 0
      )
    end;
end;
$$;
comment on function private.is_silent_source(text) is
  'Whether our own reads found changes of the last day although the sender sent no webhook in it.';
grant execute on function private.is_silent_source(text) to service_role;

/*
  Arguments: p_event_id, the check; p_easypost: what the list of EasyPost webhooks says: healthy, webhook_missing,
             webhook_switched_off; null if it was not read.
  Returns:   {outcome, unhealthy: [{source, state, since, last_received_at}]}.
*/
create function public.record_source_health(p_event_id bigint, p_easypost text)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
  unhealthy jsonb;
begin
  if event.id is not null then
    perform private.record_source_state(
      source,
      case
        when source = 'easypost' and p_easypost <> 'healthy' then p_easypost
        when private.is_silent_source(source) then 'silent'
        else 'healthy'
      end
    )
    from unnest(array['easypost', 'stripe', 'tiktok']) as source;
    insert into public.system_logs (event_type, details)
    select 'source_unhealthy', jsonb_build_object('source', source, 'state', state)
    from private.source_health
    where state <> 'healthy' and since = now();
  end if;
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'source', source, 'state', state, 'since', since, 'last_received_at', last_received_at
      )
      order by source
    ),
    '[]'
  )
  into unhealthy
  from private.source_health
  where state <> 'healthy';
  return private.settle_locked_event(
    event, jsonb_build_object('outcome', 'sources_checked', 'unhealthy', unhealthy)
  );
end;
$$;
comment on function public.record_source_health(bigint, text) is
  'Stores whether each sender of webhooks still sends them, and settles the check.';
grant execute on function public.record_source_health(bigint, text) to service_role;

/*
  Returns:   the number of new tasks: a daily CHECK_SOURCES, a daily CHECK_WEBHOOKS for each active shop, and PROBE_SHOP
             for each paused shop whose probe is due.
*/
create function public.request_source_checks()
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
begin
  return (
    select count(private.enqueue_task(task.event_type, task.occasion, task.shop_id))::integer
    from (
      select 'CHECK_SOURCES' as event_type, current_date::text as occasion, null as shop_id
      union all
      select 'CHECK_WEBHOOKS', id || ':' || current_date, shop_id
      from public.tiktok_shops
      where connection_status = 'active' and connected_at < now() - interval '1 day'
      union all
      select 'PROBE_SHOP', id || ':' || extract(epoch from probe_at), shop_id
      from public.tiktok_shops
      where connection_status = 'paused' and probe_at <= now()
      -- Two runs at once wait for each other's tasks.
      order by occasion, event_type
    ) as task
  );
end;
$$;
comment on function public.request_source_checks() is
  'Enqueues the checks that are due; repeating it the same day enqueues nothing twice.';
grant execute on function public.request_source_checks() to service_role;
