-- Connecting and disconnecting shops. A function that changes a connection locks its login first.

create function private.close_tiktok_shops(p_shops uuid[], p_status text, p_reason text)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform 1 from public.tiktok_shops where id = any (p_shops) order by id for no key update;
  -- A statement of its own: it sees the rows as they were locked, and locks no older version again.
  update public.tiktok_shops
  set connection_status = p_status,
      status_reason = p_reason,
      probe_at = null,
      access_token = null,
      refresh_token = null,
      webhook_url = case when p_status = 'disconnected' then null else webhook_url end
  where id = any (p_shops);
end;
$$;
comment on function private.close_tiktok_shops(uuid[], text, text) is
  'Ends connections: erases the tokens and keeps everything else.';
grant execute on function private.close_tiktok_shops(uuid[], text, text) to service_role;

create function private.enqueue_shop_task(p_shop public.tiktok_shops, p_task text)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.enqueue_task(
    p_task, p_shop.id || ':' || extract(epoch from p_shop.connected_at), p_shop.shop_id
  );
end;
$$;
comment on function private.enqueue_shop_task(public.tiktok_shops, text) is
  'Enqueues a task for a shop, once per connection.';
grant execute on function private.enqueue_shop_task(public.tiktok_shops, text) to service_role;

/*
  Arguments: p_shop_id; p_after, an event id: the page begins behind it. A task takes the next page.
*/
create function private.reopen_events_of_shop(p_shop_id text, p_after bigint default 0)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  connected public.tiktok_shops;
  page bigint[];
  last_id bigint;
begin
  select * into connected
  from public.tiktok_shops
  where shop_id = p_shop_id and connection_status in ('active', 'paused');
  page := array(
    select id
    from private.webhook_events as event
    where source in ('tiktok', 'creatorflow')
      and shop_id = p_shop_id
      and id > p_after
      and case status
        when 'failing' then true
        -- Its order found no place in another account, and is stored in this one.
        when 'held' then exists (
          select from public.orders
          where orders.user_id = connected.user_id
            and orders.tiktok_shop_id = connected.id
            and orders.tiktok_order_id = event.object_id
        )
        when 'ignored' then reason in ('shop_not_connected', 'shop_of_another_account')
        when 'pending' then attempts > 0 or exists (
          select from private.event_queue as queued where queued.event_id = event.id and queued.next_attempt_at > now()
        )
        else false
      end
    -- As a sum: Postgres would look for them in the whole inbox, in the order of its primary key.
    order by id + 0
    limit private.max_reopened_events()
    for update skip locked
  );
  last_id := page[private.max_reopened_events()];
  perform private.reopen_webhook_events(page);
  if last_id is not null then
    perform private.enqueue_task(
      'REOPEN_EVENTS', concat_ws(':', p_shop_id, last_id, extract(epoch from now())), p_shop_id, null,
      jsonb_build_object('after', last_id)::text
    );
  end if;
end;
$$;
comment on function private.reopen_events_of_shop(text, bigint) is
  'Makes events due that arrived while the shop was not connected, that wait, failed, or were held although the order is stored; the first call has locked the shop alone, against workers that ignore such events.';
grant execute on function private.reopen_events_of_shop(text, bigint) to service_role;

/*
  Arguments: p_event_id, whose body has {after}, an event id; p_tiktok_shop_id.
  Returns:   {outcome}: reopened; settled, the event already was.
*/
create function public.reopen_shop_events(p_event_id bigint, p_tiktok_shop_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
begin
  if event.id is not null then
    perform private.reopen_events_of_shop(event.shop_id, (event.body::jsonb ->> 'after')::bigint);
  end if;
  return private.settle_locked_event(event, '{"outcome": "reopened"}');
end;
$$;
comment on function public.reopen_shop_events(bigint, uuid) is
  'Makes the next page of the events of a shop due, and settles its task.';
grant execute on function public.reopen_shop_events(bigint, uuid) to service_role;

/*
  Arguments: p_grant {requested_at, token_expires_at}; expiry and request time of the stored pair.
             The expiry alone does not decide: a later pair may have a shorter life.
  Returns:   true or false; null if the request time is unknown.
*/
create function private.is_older_pair(
  p_grant jsonb,
  p_stored_expires_at timestamptz,
  p_stored_requested_at timestamptz
)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (p_grant ->> 'requested_at')::timestamptz < p_stored_requested_at
    and (p_grant ->> 'token_expires_at')::timestamptz <= p_stored_expires_at;
end;
$$;
comment on function private.is_older_pair(jsonb, timestamptz, timestamptz) is
  'Whether TikTok issued a token pair before the stored one: requested earlier and not expiring later.';
grant execute on function private.is_older_pair(jsonb, timestamptz, timestamptz) to service_role;

/*
  Arguments: p_user_id; p_grant and p_shop_ids, those of connect_tiktok_shops; the login is locked.
  Returns:   [{id, shop_id}] of the login if its stored token pair is newer than that of p_grant, else null.
  Errors:    PT410, as connect_tiktok_shops.
*/
create function private.connected_by_newer_pair(p_user_id uuid, p_grant jsonb, p_shop_ids text[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
  connected jsonb;
begin
  if not exists (
    select from public.tiktok_shops as shop
    join private.tiktok_logins as login on login.user_id = shop.user_id and login.open_id = shop.open_id
    where shop.user_id = p_user_id
      and shop.open_id = p_grant ->> 'open_id'
      and shop.connection_status in ('active', 'paused')
      and private.is_older_pair(p_grant, shop.token_expires_at, login.pair_requested_at)
  ) then
    return null;
  end if;
  select jsonb_agg(jsonb_build_object('id', id, 'shop_id', shop_id) order by shop_id)
  into connected
  from public.tiktok_shops
  where user_id = p_user_id
    and open_id = p_grant ->> 'open_id'
    and connection_status in ('active', 'paused');
  -- A further shop would get a pair that TikTok no longer accepts.
  if not connected @> (
    select jsonb_agg(jsonb_build_object('shop_id', shop_id)) from unnest(p_shop_ids) as shop_id
  ) then
    raise exception 'TikTok has replaced these tokens' using errcode = 'PT410';
  end if;
  return connected;
end;
$$;
comment on function private.connected_by_newer_pair(uuid, jsonb, text[]) is
  'Part of connect_tiktok_shops: TikTok invalidated an older pair that arrives late when it issued the stored one.';
grant execute on function private.connected_by_newer_pair(uuid, jsonb, text[]) to service_role;

create function private.store_tiktok_login(p_user_id uuid, p_grant jsonb)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
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
end;
$$;
comment on function private.store_tiktok_login(uuid, jsonb) is
  'Part of connect_tiktok_shops: stores the login; its new version makes a running refresh store nothing.';
grant execute on function private.store_tiktok_login(uuid, jsonb) to service_role;

/*
  Errors:    PT409, as connect_tiktok_shops.
*/
create function private.store_granted_shops(p_user_id uuid, p_grant jsonb)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  insert into public.tiktok_shops as shop (
    user_id, shop_id, shop_key, shop_name, region, shop_cipher, open_id, granted_scopes,
    access_token, refresh_token, token_expires_at, refresh_token_expires_at, connected_at
  )
  select
    p_user_id, entry.shop_id, private.identify_shop(entry.shop_id, entry.shop_id_hashes), entry.shop_name, entry.region,
    entry.shop_cipher, p_grant ->> 'open_id', array(select jsonb_array_elements_text(p_grant -> 'granted_scopes')),
    entry.access_token, entry.refresh_token,
    (p_grant ->> 'token_expires_at')::timestamptz,
    (p_grant ->> 'refresh_token_expires_at')::timestamptz,
    clock_timestamp()
  from jsonb_to_recordset(p_grant -> 'shops') as entry (
    shop_id text, shop_id_hashes text[], shop_name text, region text, shop_cipher text,
    access_token text, refresh_token text
  )
  order by entry.shop_id
  on conflict (user_id, shop_id) do update
    set shop_key = excluded.shop_key,
        shop_name = excluded.shop_name,
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
        probe_at = null,
        connected_at = excluded.connected_at;
exception
  when unique_violation then
    raise exception 'A shop is connected to another account' using errcode = 'PT409';
end;
$$;
comment on function private.store_granted_shops(uuid, jsonb) is
  'Part of connect_tiktok_shops: stores the shops of a grant with their tokens, all or none.';
grant execute on function private.store_granted_shops(uuid, jsonb) to service_role;

/*
  Arguments: p_user_id; p_grant {open_id, granted_scopes: [], requested_at, token_expires_at, refresh_token_expires_at,
             is_complete, false if the login may have further shops (true),
             shops: [{shop_id, shop_id_hashes: [], shop_name, region, shop_cipher, access_token, refresh_token}]}, tokens
             encrypted; shop_id_hashes, see private.identify_shop.
  Returns:   [{id, shop_id}].
  Errors:    PT400, a shop has no hashes; PT409, another account has a live connection to one of the shops; PT410, a newer
             token pair of the login is stored, and not all of the shops are connected: the seller begins again.
*/
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
  connected jsonb;
begin
  -- 1. Lock the seller, and the shops alone: against calls for those who had them, and workers that decide whether they
  --    are connected.
  perform private.lock_sellers(p_user_id);
  perform private.lock_tiktok_shops_alone(variadic granted_shops);

  -- 2. Ignore an older pair that arrives late.
  perform from private.tiktok_logins
  where user_id = p_user_id and open_id = p_grant ->> 'open_id'
  for update;
  connected := private.connected_by_newer_pair(p_user_id, p_grant, granted_shops);
  if connected is not null then
    return connected;
  end if;

  -- 3. Store the login, and lock its shops.
  perform private.store_tiktok_login(p_user_id, p_grant);
  perform from public.tiktok_shops
  where shop_id = any (granted_shops) or (user_id = p_user_id and open_id = p_grant ->> 'open_id')
  order by id
  for no key update;

  -- 4. Close shops of the login that it no longer owns or grants.
  perform private.close_tiktok_shops(array_agg(id), 'needs_reauth', 'not_authorized')
  from public.tiktok_shops
  where user_id = p_user_id
    and open_id = p_grant ->> 'open_id'
    and connection_status in ('active', 'paused')
    and shop_id <> all (granted_shops)
    and coalesce((p_grant ->> 'is_complete')::boolean, true);

  -- 5. Take over ended connections of other accounts; a live one raises PT409 in the next step.
  perform private.close_tiktok_shops(array_agg(id), 'transferred', 'connected_elsewhere')
  from public.tiktok_shops
  where shop_id = any (granted_shops)
    and user_id <> p_user_id
    and connection_status in ('needs_reauth', 'disconnected');

  -- 6. Store the shops.
  perform private.store_granted_shops(p_user_id, p_grant);

  -- 7. Enqueue their first tasks.
  perform private.enqueue_shop_task(shop, task)
  from public.tiktok_shops as shop
  cross join unnest(array['SUBSCRIBE_WEBHOOKS', 'SYNC_ORDERS']) as task
  where shop.user_id = p_user_id and shop.shop_id = any (granted_shops);

  -- 8. Make events due that arrived before the connection or failed since.
  perform private.reopen_events_of_shop(shop_id) from unnest(granted_shops) as shop_id;

  -- 9. Return the shops.
  select coalesce(jsonb_agg(jsonb_build_object('id', id, 'shop_id', shop_id) order by shop_id), '[]')
  into connected
  from public.tiktok_shops
  where user_id = p_user_id and shop_id = any (granted_shops);
  return connected;
end;
$$;
comment on function public.connect_tiktok_shops(uuid, jsonb) is
  'Stores the shops of one TikTok login, all or none, resets their failures, enqueues their first tasks and reopens their earlier events.';
grant execute on function public.connect_tiktok_shops(uuid, jsonb) to service_role;

/*
  Arguments: p_user_id; p_claim_hash; p_grant, as connect_tiktok_shops takes it.
  Returns:   [{id, shop_id}]; null if the claim does not wait for this seller, and nothing was connected.
  Errors:    PT404, unknown user; PT409, another account has a live connection to one of the shops: the claim waits on;
             PT410, as connect_tiktok_shops.
*/
create function public.confirm_tiktok_claim(p_user_id uuid, p_claim_hash text, p_grant jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.lock_sellers(p_user_id);
  perform private.require_seller(p_user_id);
  update private.tiktok_claims
  set sealed_grant = null, connected_at = now()
  where claim_hash = p_claim_hash
    and user_id = p_user_id
    and sealed_grant is not null
    and expires_at > now();
  if not found then
    return null;
  end if;
  return public.connect_tiktok_shops(p_user_id, p_grant);
end;
$$;
comment on function public.confirm_tiktok_claim(uuid, text, jsonb) is
  'Connects the shops of a claim that its seller confirms, once; the stored tokens are erased in the same transaction.';
grant execute on function public.confirm_tiktok_claim(uuid, text, jsonb) to service_role;

/*
  Arguments: p_user_id; p_tiktok_shop_id.
  Returns:   {shop_id, shop_cipher, access_token} to unsubscribe the webhooks; access_token is null if the connection
             had ended before.
  Errors:    PT404, the seller has no such shop.
*/
create function public.disconnect_tiktok_shop(p_user_id uuid, p_tiktok_shop_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  shop public.tiktok_shops;
begin
  perform private.lock_sellers(p_user_id);
  perform from private.tiktok_logins as login
  join public.tiktok_shops as owned on owned.user_id = login.user_id and owned.open_id = login.open_id
  where owned.id = p_tiktok_shop_id and owned.user_id = p_user_id
  for update of login;

  select * into shop
  from public.tiktok_shops
  where id = p_tiktok_shop_id and user_id = p_user_id
  for no key update;
  if shop.id is null then
    raise exception 'Unknown shop %', p_tiktok_shop_id using errcode = 'PT404';
  end if;
  -- A former account cannot end the connection of the new account.
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
  'Ends the connection of a shop for its seller; orders and history stay.';
grant execute on function public.disconnect_tiktok_shop(uuid, uuid) to service_role;

/*
  Arguments: p_open_id; p_grant {requested_at, token_expires_at, refresh_token_expires_at,
             shops: [{shop_id, access_token, refresh_token}]}, tokens encrypted.
  Returns:   the number of shops.
*/
create function public.store_exchanged_tokens(p_open_id text, p_grant jsonb)
returns integer
language plpgsql
security invoker
set search_path = ''
as $$
declare
  -- One who connects the login later stores a newer pair.
  sellers uuid[] := array(select distinct user_id from public.tiktok_shops where open_id = p_open_id);
  stored integer;
begin
  -- 1. Lock the login in every account, and its shops.
  perform private.lock_sellers(variadic sellers);
  perform from private.tiktok_logins
  where user_id = any (sellers) and open_id = p_open_id
  order by user_id
  for update;
  perform from public.tiktok_shops
  where user_id = any (sellers) and open_id = p_open_id
  order by id
  for no key update;
  -- 2. Store the pair at its live shops, unless theirs is newer.
  update public.tiktok_shops as shop
  set access_token = entry.access_token,
      refresh_token = entry.refresh_token,
      token_expires_at = (p_grant ->> 'token_expires_at')::timestamptz,
      refresh_token_expires_at = (p_grant ->> 'refresh_token_expires_at')::timestamptz
  from jsonb_to_recordset(p_grant -> 'shops') as entry (
      shop_id text, access_token text, refresh_token text
    ),
    private.tiktok_logins as login
  where shop.user_id = any (sellers)
    and shop.open_id = p_open_id
    and shop.shop_id = entry.shop_id
    and shop.connection_status in ('active', 'paused')
    and login.user_id = shop.user_id
    and login.open_id = shop.open_id
    and not coalesce(
      private.is_older_pair(p_grant, shop.token_expires_at, login.pair_requested_at), false
    );
  get diagnostics stored = row_count;
  -- 3. Raise the version, so a running refresh stores nothing.
  if stored > 0 then
    update private.tiktok_logins as login
    set token_version = token_version + 1,
        pair_requested_at = coalesce((p_grant ->> 'requested_at')::timestamptz, now()),
        lease_id = null,
        lease_until = null
    where user_id = any (sellers)
      and open_id = p_open_id
      and exists (
        select from public.tiktok_shops as shop
        where shop.user_id = login.user_id
          and shop.open_id = login.open_id
          and shop.connection_status in ('active', 'paused')
      );
  end if;
  return stored;
end;
$$;
comment on function public.store_exchanged_tokens(text, jsonb) is
  'Gives every live shop of a TikTok login, in any account, the new token pair: a new authorization may invalidate the old pair even if connecting then fails.';
grant execute on function public.store_exchanged_tokens(text, jsonb) to service_role;
