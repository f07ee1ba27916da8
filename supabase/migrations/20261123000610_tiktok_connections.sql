-- How the connection of a TikTok shop begins and ends. Whoever changes one locks its login first.

create table private.tiktok_authorizations (
  state_hash text primary key,
  user_id uuid not null references public.users (id) on delete cascade,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint tiktok_authorizations_state_hash_check check (state_hash ~ '^[0-9a-f]{64}$')
);
comment on table private.tiktok_authorizations is 'What a seller took to TikTok''s authorisation page, and the claims that they used: each is good once.';
comment on column private.tiktok_authorizations.state_hash is 'SHA-256 of the state, or of the code that a claim holds; hexadecimal. The thing itself is not kept.';

create index idx_tiktok_authorizations_user_id on private.tiktok_authorizations (user_id, expires_at);
create index idx_tiktok_authorizations_expires_at on private.tiktok_authorizations (expires_at);

alter table private.tiktok_authorizations enable row level security;
grant select, insert, update, delete on private.tiktok_authorizations to service_role;

create function public.begin_tiktok_authorization(
  p_user_id uuid,
  p_state_hash text,
  p_valid_seconds integer
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  valid_until timestamptz := now() + make_interval(secs => p_valid_seconds);
begin
  perform from public.users where id = p_user_id for key share;
  if not found then
    raise exception 'There is no user %', p_user_id using errcode = 'PT404';
  end if;
  -- Ten windows at TikTok are enough: the oldest goes.
  delete from private.tiktok_authorizations
  where state_hash in (
    select state_hash
    from private.tiktok_authorizations
    where user_id = p_user_id and used_at is null
    order by expires_at desc
    offset 9
  );
  insert into private.tiktok_authorizations (state_hash, user_id, expires_at)
  values (p_state_hash, p_user_id, valid_until);
  return jsonb_build_object('expires_at', valid_until);
end;
$$;
comment on function public.begin_tiktok_authorization(uuid, text, integer) is
  'Notes a state that the user takes to TikTok. Returns {expires_at}; raises PT404 if the account is gone.';
grant execute on function public.begin_tiktok_authorization(uuid, text, integer) to service_role;

create function public.use_tiktok_authorization(p_state_hash text)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  known private.tiktok_authorizations;
begin
  select * into known from private.tiktok_authorizations where state_hash = p_state_hash for update;
  if known.state_hash is null then
    return jsonb_build_object('outcome', 'unknown');
  elsif known.used_at is not null then
    return jsonb_build_object('outcome', 'used');
  end if;
  update private.tiktok_authorizations set used_at = now() where state_hash = p_state_hash;
  if known.expires_at <= now() then
    return jsonb_build_object('outcome', 'expired');
  end if;
  return jsonb_build_object('outcome', 'valid', 'user_id', known.user_id);
end;
$$;
comment on function public.use_tiktok_authorization(text) is
  'Uses a state up. Returns {outcome: valid, user_id}, or {outcome} with unknown, used or expired.';
grant execute on function public.use_tiktok_authorization(text) to service_role;

create function public.use_tiktok_claim(p_user_id uuid, p_claim_hash text)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform from public.users where id = p_user_id for key share;
  if not found then
    raise exception 'There is no user %', p_user_id using errcode = 'PT404';
  end if;
  insert into private.tiktok_authorizations (state_hash, user_id, expires_at, used_at)
  values (p_claim_hash, p_user_id, now(), now())
  on conflict (state_hash) do nothing;
  return found;
end;
$$;
comment on function public.use_tiktok_claim(uuid, text) is
  'Uses a claim up, for an installation that began at TikTok. False if it was used before; raises PT404 if the account is gone.';
grant execute on function public.use_tiktok_claim(uuid, text) to service_role;

create function private.close_tiktok_shops(p_shops uuid[], p_status text, p_reason text)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.tiktok_shops
  set connection_status = p_status,
      status_reason = p_reason,
      access_token = null,
      refresh_token = null,
      webhook_url = case when p_status = 'disconnected' then null else webhook_url end
  where id = any (p_shops);
$$;
comment on function private.close_tiktok_shops(uuid[], text, text) is
  'Ends connections: tokens are erased, everything else stays.';
grant execute on function private.close_tiktok_shops(uuid[], text, text) to service_role;

create function private.enqueue_shop_task(p_shop public.tiktok_shops, p_task text)
returns void
language sql
security invoker
set search_path = ''
as $$
  insert into private.webhook_events (source, external_id, event_type, shop_id, body)
  values (
    'creatorflow',
    p_task || ':' || p_shop.id || ':' || extract(epoch from p_shop.connected_at),
    p_task,
    p_shop.shop_id,
    '{}'
  )
  on conflict (source, external_id) do nothing;
$$;
comment on function private.enqueue_shop_task(public.tiktok_shops, text) is
  'Tells the event worker to do something for a shop, once for each time that it was connected.';
grant execute on function private.enqueue_shop_task(public.tiktok_shops, text) to service_role;

create function private.is_older_pair(
  p_grant jsonb,
  p_stored_expires_at timestamptz,
  p_stored_requested_at timestamptz
)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select (p_grant ->> 'requested_at')::timestamptz < p_stored_requested_at
    and (p_grant ->> 'token_expires_at')::timestamptz <= p_stored_expires_at;
$$;
comment on function private.is_older_pair(jsonb, timestamptz, timestamptz) is
  'Whether TikTok issued a pair before the stored one: it was asked for earlier and does not end later. Not by its end alone: a later pair may live shorter. Null where it is not known when it was asked for.';
grant execute on function private.is_older_pair(jsonb, timestamptz, timestamptz) to service_role;

create function public.connect_tiktok_shops(p_user_id uuid, p_grant jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  granted_shops text[] := array(
    select entry ->> 'shop_id' from jsonb_array_elements(p_grant -> 'shops') as entry order by 1
  );
  scopes text[] := array(select jsonb_array_elements_text(p_grant -> 'granted_scopes'));
  connected jsonb;
begin
  perform private.lock_shop_connections(granted_shops, true);

  -- Two ways back from TikTok at once: the pair that was issued first is dead, though it came last.
  perform from private.tiktok_logins
  where user_id = p_user_id and open_id = p_grant ->> 'open_id'
  for update;
  if exists (
    select from public.tiktok_shops as shop
    join private.tiktok_logins as login on login.user_id = shop.user_id and login.open_id = shop.open_id
    where shop.user_id = p_user_id
      and shop.open_id = p_grant ->> 'open_id'
      and shop.connection_status = 'active'
      and private.is_older_pair(p_grant, shop.token_expires_at, login.pair_requested_at)
  ) then
    select jsonb_agg(jsonb_build_object('id', id, 'shop_id', shop_id) order by shop_id)
    into connected
    from public.tiktok_shops
    where user_id = p_user_id and open_id = p_grant ->> 'open_id' and connection_status = 'active';
    return connected;
  end if;

  -- A refresh that is under way stores nothing any more: its number is older.
  insert into private.tiktok_logins as login (user_id, open_id, pair_requested_at)
  values (
    p_user_id,
    p_grant ->> 'open_id',
    coalesce((p_grant ->> 'requested_at')::timestamptz, now())
  )
  on conflict (user_id, open_id) do update
    set token_version = login.token_version + 1,
        pair_requested_at = excluded.pair_requested_at,
        last_refreshed_at = null,
        refresh_not_before = null,
        refresh_failures = 0,
        refresh_refusals = 0,
        last_refresh_error = null,
        lease_id = null,
        lease_until = null;

  -- What the login no longer owns, or no longer grants.
  perform private.close_tiktok_shops(array_agg(id), 'needs_reauth', 'not_authorized')
  from public.tiktok_shops
  where user_id = p_user_id
    and open_id = p_grant ->> 'open_id'
    and connection_status = 'active'
    and shop_id <> all (granted_shops);

  -- A dead connection of another account makes room; a live one does not.
  perform private.close_tiktok_shops(array_agg(id), 'transferred', 'connected_elsewhere')
  from public.tiktok_shops
  where shop_id = any (granted_shops)
    and user_id <> p_user_id
    and connection_status in ('needs_reauth', 'disconnected');

  begin
    insert into public.tiktok_shops as shop (
      user_id, shop_id, shop_name, region, shop_cipher, open_id, granted_scopes,
      access_token, refresh_token, token_expires_at, refresh_token_expires_at, connected_at
    )
    select
      p_user_id, entry.shop_id, entry.shop_name, entry.region, entry.shop_cipher,
      p_grant ->> 'open_id', scopes, entry.access_token, entry.refresh_token,
      (p_grant ->> 'token_expires_at')::timestamptz,
      (p_grant ->> 'refresh_token_expires_at')::timestamptz,
      clock_timestamp()
    from jsonb_to_recordset(p_grant -> 'shops') as entry (
      shop_id text, shop_name text, region text, shop_cipher text,
      access_token text, refresh_token text
    )
    order by entry.shop_id
    on conflict (user_id, shop_id) do update
      set shop_name = excluded.shop_name,
          region = excluded.region,
          shop_cipher = excluded.shop_cipher,
          open_id = excluded.open_id,
          granted_scopes = excluded.granted_scopes,
          access_token = excluded.access_token,
          refresh_token = excluded.refresh_token,
          token_expires_at = excluded.token_expires_at,
          refresh_token_expires_at = excluded.refresh_token_expires_at,
          connection_status = 'active',
          status_reason = null,
          connected_at = excluded.connected_at;
  exception
    when unique_violation then
      raise exception 'A shop is connected to another account' using errcode = 'PT409';
  end;

  perform private.enqueue_shop_task(shop, task)
  from public.tiktok_shops as shop
  cross join unnest(array['SUBSCRIBE_WEBHOOKS', 'SYNC_ORDERS']) as task
  where shop.user_id = p_user_id and shop.shop_id = any (granted_shops);

  -- What came before the shop was connected is worked now, and so is what has failed since.
  update private.webhook_events
  set status = 'pending', reason = null, settled_at = null, attempts = 0, postponed = 0, next_attempt_at = now()
  where id in (
    select id from private.webhook_events
    where source in ('tiktok', 'creatorflow')
      and (status = 'pending' or (status = 'ignored' and reason = 'shop_not_connected'))
      and shop_id = any (granted_shops)
    for update skip locked
  );

  select coalesce(jsonb_agg(jsonb_build_object('id', id, 'shop_id', shop_id) order by shop_id), '[]')
  into connected
  from public.tiktok_shops
  where user_id = p_user_id and shop_id = any (granted_shops);
  return connected;
end;
$$;
comment on function public.connect_tiktok_shops(uuid, jsonb) is
  'Stores the shops of one TikTok login, all or none, ends every failure state of theirs, and enqueues SUBSCRIBE_WEBHOOKS and SYNC_ORDERS for each. p_grant: {open_id, granted_scopes: [], requested_at, token_expires_at, refresh_token_expires_at, shops: [{shop_id, shop_name, region, shop_cipher, access_token, refresh_token}]}, tokens encrypted. Reopens their events that came before. Returns [{id, shop_id}]; raises PT409 (HTTP 409) if another account holds one of them by a live connection.';
grant execute on function public.connect_tiktok_shops(uuid, jsonb) to service_role;

create function public.disconnect_tiktok_shop(p_user_id uuid, p_tiktok_shop_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  shop public.tiktok_shops;
begin
  perform from private.tiktok_logins as login
  join public.tiktok_shops as owned on owned.user_id = login.user_id and owned.open_id = login.open_id
  where owned.id = p_tiktok_shop_id and owned.user_id = p_user_id
  for update of login;

  select * into shop
  from public.tiktok_shops
  where id = p_tiktok_shop_id and user_id = p_user_id
  for update;
  if shop.id is null then
    raise exception 'There is no shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;
  -- Whose it is now is not for its former account to say.
  if shop.connection_status <> 'transferred' then
    perform private.close_tiktok_shops(array[shop.id], 'disconnected', 'by_seller');
  end if;
  return jsonb_build_object(
    'shop_id', shop.shop_id,
    'shop_cipher', shop.shop_cipher,
    'access_token', shop.access_token
  );
end;
$$;
comment on function public.disconnect_tiktok_shop(uuid, uuid) is
  'Ends the connection of a seller''s own shop; orders and history stay. Returns {shop_id, shop_cipher, access_token}: what is needed to unsubscribe its webhooks, access_token null if it had none any more. Raises PT404.';
grant execute on function public.disconnect_tiktok_shop(uuid, uuid) to service_role;

create function private.settle_stale(p_event_id bigint)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  update private.webhook_events
  set status = 'ignored', reason = 'it is older than the connection', settled_at = now()
  where id = p_event_id;
  select jsonb_build_object('outcome', 'stale');
$$;
comment on function private.settle_stale(bigint) is 'Part of what works news about a connection: they are about an older one.';
grant execute on function private.settle_stale(bigint) to service_role;

create function public.deauthorize_tiktok_shop(
  p_event_id bigint,
  p_tiktok_shop_id uuid,
  p_event_at timestamptz
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
begin
  if event.id is null then
    return jsonb_build_object('outcome', 'settled');
  end if;
  perform from private.tiktok_logins as login
  join public.tiktok_shops as shop on shop.user_id = login.user_id and shop.open_id = login.open_id
  where shop.id = p_tiktok_shop_id
  for update of login;

  -- A late delivery is about an older connection: the seller has agreed again since.
  perform private.close_tiktok_shops(array[id], 'disconnected', 'deauthorized')
  from public.tiktok_shops
  where id = p_tiktok_shop_id
    and connection_status = 'active'
    and coalesce(p_event_at, event.received_at) >= date_trunc('second', connected_at);
  if not found then
    return private.settle_stale(p_event_id);
  end if;
  perform private.settle_done(p_event_id);
  return jsonb_build_object('outcome', 'disconnected');
end;
$$;
comment on function public.deauthorize_tiktok_shop(bigint, uuid, timestamptz) is
  'The seller withdrew their consent at TikTok, at p_event_at (null: when the event came): ends the connection and settles the event. Returns {outcome}: disconnected, stale (the seller connected again later) or settled (the event already was).';
grant execute on function public.deauthorize_tiktok_shop(bigint, uuid, timestamptz) to service_role;

create function public.note_authorization_expiry(
  p_event_id bigint,
  p_tiktok_shop_id uuid,
  p_event_at timestamptz,
  p_expires_at timestamptz
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
  shop public.tiktok_shops;
begin
  if event.id is null then
    return jsonb_build_object('outcome', 'settled');
  end if;
  -- One consent, one date: it is the same for all shops of the login.
  select named.* into shop
  from public.tiktok_shops as named
  join private.tiktok_logins as login on login.user_id = named.user_id and login.open_id = named.open_id
  where named.id = p_tiktok_shop_id
    and named.connection_status = 'active'
    and coalesce(p_event_at, event.received_at) >= date_trunc('second', named.connected_at)
  for update of login;
  if shop.id is null then
    return private.settle_stale(p_event_id);
  end if;
  update public.tiktok_shops
  set refresh_token_expires_at = p_expires_at
  where user_id = shop.user_id and open_id = shop.open_id and connection_status = 'active';
  insert into public.analytics_events (user_id, event_type, properties)
  values (
    shop.user_id,
    'authorization_expiring',
    jsonb_build_object('shop_id', shop.shop_id, 'expires_at', p_expires_at)
  );
  perform private.settle_done(p_event_id);
  return jsonb_build_object('outcome', 'noted');
end;
$$;
comment on function public.note_authorization_expiry(bigint, uuid, timestamptz, timestamptz) is
  'TikTok said at p_event_at (null: when the event came) that the seller''s consent ends at p_expires_at: sets the date, records an analytics event, settles the event. Returns {outcome}: noted, stale (the seller connected again later) or settled.';
grant execute on function public.note_authorization_expiry(bigint, uuid, timestamptz, timestamptz) to service_role;

create function public.finish_webhook_subscription(
  p_event_id bigint,
  p_tiktok_shop_id uuid,
  p_webhook_url text
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_open_event(p_event_id);
begin
  if event.id is null then
    return jsonb_build_object('outcome', 'settled');
  end if;
  update public.tiktok_shops set webhook_url = p_webhook_url where id = p_tiktok_shop_id;
  perform private.settle_done(p_event_id);
  return jsonb_build_object('outcome', 'subscribed');
end;
$$;
comment on function public.finish_webhook_subscription(bigint, uuid, text) is
  'Notes where TikTok sends the shop''s webhooks now, and settles the event that asked for it. Returns {outcome}: subscribed or settled.';
grant execute on function public.finish_webhook_subscription(bigint, uuid, text) to service_role;

create function public.store_exchanged_tokens(p_open_id text, p_grant jsonb)
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
declare
  stored integer;
begin
  perform from private.tiktok_logins where open_id = p_open_id order by user_id for update;
  update public.tiktok_shops as shop
  set access_token = entry.access_token,
      refresh_token = entry.refresh_token,
      token_expires_at = (p_grant ->> 'token_expires_at')::timestamptz,
      refresh_token_expires_at = (p_grant ->> 'refresh_token_expires_at')::timestamptz
  from jsonb_to_recordset(p_grant -> 'shops') as entry (
      shop_id text, access_token text, refresh_token text
    ),
    private.tiktok_logins as login
  where shop.open_id = p_open_id
    and shop.shop_id = entry.shop_id
    and shop.connection_status = 'active'
    and login.user_id = shop.user_id
    and login.open_id = shop.open_id
    and not coalesce(
      private.is_older_pair(p_grant, shop.token_expires_at, login.pair_requested_at), false
    );
  get diagnostics stored = row_count;
  if stored > 0 then
    update private.tiktok_logins as login
    set token_version = token_version + 1,
        pair_requested_at = coalesce((p_grant ->> 'requested_at')::timestamptz, now()),
        lease_id = null,
        lease_until = null
    where open_id = p_open_id
      and exists (
        select from public.tiktok_shops as shop
        where shop.user_id = login.user_id
          and shop.open_id = login.open_id
          and shop.connection_status = 'active'
      );
  end if;
  return stored;
end;
$$;
comment on function public.store_exchanged_tokens(text, jsonb) is
  'A new consent of a TikTok login may end the tokens of the one before, also where connecting then fails: the shops that the login is connected with already, whoever has them, go on with the new pair. p_grant: {requested_at, token_expires_at, refresh_token_expires_at, shops: [{shop_id, access_token, refresh_token}]}, encrypted. Returns the number of shops.';
grant execute on function public.store_exchanged_tokens(text, jsonb) to service_role;
