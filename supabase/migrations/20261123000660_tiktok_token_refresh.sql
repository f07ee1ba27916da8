-- Token refresh by one worker at a time, with a lease on the login and a version that every new pair raises:
-- a TikTok refresh token works once.

create function private.describe_tiktok_lease(p_login private.tiktok_logins)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'user_id', p_login.user_id,
      'open_id', p_login.open_id,
      'token_version', p_login.token_version,
      'lease_id', p_login.lease_id,
      'shop_ids', jsonb_agg(shop.shop_id order by shop.shop_id),
      -- Every shop of the login stores the same pair, each encrypted for itself.
      'refresh_token', (array_agg(shop.refresh_token order by shop.shop_id))[1]
    )
    from public.tiktok_shops as shop
    where shop.user_id = p_login.user_id
      and shop.open_id = p_login.open_id
      and shop.connection_status in ('active', 'paused')
  );
end;
$$;
comment on function private.describe_tiktok_lease(private.tiktok_logins) is
  'Input of a token refresh; refresh_token is the one of the first shop in shop_ids.';
grant execute on function private.describe_tiktok_lease(private.tiktok_logins) to service_role;

/*
  Arguments: p_limit; p_lease_seconds. A login that was refreshed within the last minute is left out.
  Returns:   {expired, logins: [{user_id, open_id, token_version, lease_id, shop_ids, refresh_token}]}; expired is the
             number of ended connections.
*/
create function public.claim_tiktok_logins(p_limit integer, p_lease_seconds integer)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  expired uuid[];
  due jsonb;
  claimed jsonb;
begin
  -- 1. End connections whose authorization expired: no call can renew them.
  expired := array(
    select id from public.tiktok_shops
    where connection_status in ('active', 'paused') and refresh_token_expires_at <= now()
    for update skip locked
  );
  perform private.close_tiktok_shops(expired, 'needs_reauth', 'authorization_expired');

  -- 2. Lock the due logins.
  select coalesce(jsonb_agg(distinct jsonb_build_object('user_id', user_id, 'open_id', open_id)), '[]') into due
  from (
    -- A login with several shops may come several times: then the next claim takes the rest.
    select login.user_id, login.open_id
    from public.tiktok_shops as shop
    join private.tiktok_logins as login on login.user_id = shop.user_id and login.open_id = shop.open_id
    where shop.connection_status = 'active'
      and shop.token_expires_at <= now() + interval '24 hours'
      and shop.refresh_token_expires_at > now()
      and (login.lease_until is null or login.lease_until <= now())
      and (login.refresh_not_before is null or login.refresh_not_before <= now())
      and (login.last_refreshed_at is null or login.last_refreshed_at <= now() - interval '1 minute')
    order by shop.token_expires_at
    limit p_limit
    for update of login skip locked
  ) as locked;

  -- 3. Lease them in another statement, which sees what was stored just before they were locked.
  with taken as (
    update private.tiktok_logins as login
    set lease_id = gen_random_uuid(),
        lease_until = now() + make_interval(secs => p_lease_seconds)
    from jsonb_to_recordset(due) as entry (user_id uuid, open_id text)
    where login.user_id = entry.user_id
      and login.open_id = entry.open_id
      and exists (
        select from public.tiktok_shops as shop
        where shop.user_id = login.user_id
          and shop.open_id = login.open_id
          and shop.connection_status = 'active'
          and shop.token_expires_at <= now() + interval '24 hours'
          and shop.refresh_token_expires_at > now()
      )
    returning login.*
  )
  select coalesce(jsonb_agg(private.describe_tiktok_lease(taken)), '[]') into claimed from taken;
  return jsonb_build_object('expired', cardinality(expired), 'logins', claimed);
end;
$$;
comment on function public.claim_tiktok_logins(integer, integer) is
  'Leases logins of an active shop whose access token expires within 24 hours, earliest first, and ends connections whose authorization expired.';
grant execute on function public.claim_tiktok_logins(integer, integer) to service_role;

/*
  Arguments: p_tiktok_shop_id; p_token_version, the version of the refused token; p_lease_seconds.
  Returns:   {state}: leased {login, as claim_tiktok_logins}; fresh {access_token, token_version}, another worker has
             refreshed it; busy, another worker refreshes it now; waiting {retry_after_seconds}; inactive.
*/
create function public.lease_tiktok_login(
  p_tiktok_shop_id uuid,
  p_token_version integer,
  p_lease_seconds integer
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  login private.tiktok_logins;
  shop public.tiktok_shops;
begin
  -- 1. Lock the login of the shop.
  select owner.* into login
  from private.tiktok_logins as owner
  join public.tiktok_shops as owned on owned.user_id = owner.user_id and owned.open_id = owner.open_id
  where owned.id = p_tiktok_shop_id
  for update of owner;
  select * into shop from public.tiktok_shops where id = p_tiktok_shop_id;

  -- 2. Decide whether a refresh is needed and allowed.
  if coalesce(shop.connection_status, '') not in ('active', 'paused') then
    return jsonb_build_object('state', 'inactive');
  elsif login.token_version > p_token_version then
    return jsonb_build_object(
      'state', 'fresh', 'access_token', shop.access_token, 'token_version', login.token_version
    );
  elsif login.lease_until > now() then
    return jsonb_build_object('state', 'busy');
  elsif login.refresh_not_before > now() then
    return jsonb_build_object(
      'state', 'waiting',
      'retry_after_seconds', ceil(extract(epoch from login.refresh_not_before - now()))
    );
  elsif login.last_refreshed_at > now() - interval '1 minute' then
    -- TikTok refused a new token: it would refuse the next one too.
    return jsonb_build_object('state', 'waiting', 'retry_after_seconds', 60);
  end if;
  -- 3. Lease it.
  update private.tiktok_logins
  set lease_id = gen_random_uuid(),
      lease_until = now() + make_interval(secs => p_lease_seconds)
  where user_id = login.user_id and open_id = login.open_id
  returning * into login;
  return jsonb_build_object('state', 'leased', 'login', private.describe_tiktok_lease(login));
end;
$$;
comment on function public.lease_tiktok_login(uuid, integer, integer) is
  'Leases a login after TikTok refused a call because the token had expired.';
grant execute on function public.lease_tiktok_login(uuid, integer, integer) to service_role;

/*
  Arguments: p_pairs [{user_id, open_id}], logins.
*/
create function private.lock_refused_shops(p_pairs jsonb)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  refused text[] := array(
    select shop.shop_id
    from jsonb_to_recordset(p_pairs) as pair (user_id uuid, open_id text)
    join public.tiktok_shops as shop on shop.user_id = pair.user_id and shop.open_id = pair.open_id
    where shop.status_reason = 'token_refused'
  );
begin
  if cardinality(refused) > 0 then
    perform private.lock_tiktok_shops_alone(variadic refused);
  end if;
end;
$$;
comment on function private.lock_refused_shops(jsonb) is
  'Part of store_refreshed_logins: locks the shops that a new pair connects again.';
grant execute on function private.lock_refused_shops(jsonb) to service_role;

/*
  Arguments: p_user_id and p_open_id, the login; p_token_version, the version that was refreshed; p_grant {requested_at,
             token_expires_at, refresh_token_expires_at, granted_scopes, shops: [{shop_id, access_token,
             refresh_token}]}, tokens encrypted.
  Returns:   stored or superseded.
*/
create function private.store_refreshed_tokens(
  p_user_id uuid,
  p_open_id text,
  p_token_version integer,
  p_grant jsonb
)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
declare
  revived text[];
begin
  -- 1. Check the version alone: a worker with an expired lease still has the only valid pair.
  update private.tiktok_logins
  set token_version = token_version + 1,
      pair_requested_at = coalesce((p_grant ->> 'requested_at')::timestamptz, now()),
      last_refreshed_at = now(),
      refresh_not_before = null,
      refresh_failures = 0,
      refresh_refusals = 0,
      last_refresh_error = null,
      lease_id = null,
      lease_until = null
  where user_id = p_user_id and open_id = p_open_id and token_version = p_token_version;
  if not found then
    return 'superseded';
  end if;

  perform private.lock_shops(p_user_id, p_open_id);
  revived := array(
    select shop_id from public.tiktok_shops
    where user_id = p_user_id and open_id = p_open_id and status_reason = 'token_refused'
      and p_grant -> 'shops' @> jsonb_build_array(jsonb_build_object('shop_id', shop_id))
  );
  -- 2. Store the pair, also at shops that another worker gave up while this refresh was slow.
  update public.tiktok_shops as shop
  set access_token = entry.access_token,
      refresh_token = entry.refresh_token,
      token_expires_at = (p_grant ->> 'token_expires_at')::timestamptz,
      refresh_token_expires_at = (p_grant ->> 'refresh_token_expires_at')::timestamptz,
      granted_scopes = case
        when jsonb_array_length(p_grant -> 'granted_scopes') > 0
          then array(select jsonb_array_elements_text(p_grant -> 'granted_scopes'))
        else shop.granted_scopes
      end,
      connection_status = case when shop.connection_status = 'paused' then 'paused' else 'active' end,
      status_reason = case when shop.connection_status = 'paused' then shop.status_reason end
  from jsonb_to_recordset(p_grant -> 'shops') as entry (
    shop_id text, access_token text, refresh_token text
  )
  where shop.user_id = p_user_id
    and shop.open_id = p_open_id
    and shop.shop_id = entry.shop_id
    and (shop.connection_status in ('active', 'paused') or shop.status_reason = 'token_refused');
  -- 3. Make up for what these missed.
  if cardinality(revived) > 0 then
    perform private.reopen_events_of_shop(shop_id) from unnest(revived) as shop_id;
    perform private.enqueue_task('SYNC_ORDERS', shop.id || ':refreshed:' || p_token_version, shop.shop_id)
    from public.tiktok_shops as shop
    where shop.user_id = p_user_id and shop.shop_id = any (revived);
  end if;
  return 'stored';
end;
$$;
comment on function private.store_refreshed_tokens(uuid, text, integer, jsonb) is
  'Part of store_refreshed_logins: stores a refreshed token pair at every shop of a locked login, if no newer pair was stored.';
grant execute on function private.store_refreshed_tokens(uuid, text, integer, jsonb) to service_role;

/*
  Arguments: p_pairs [{user_id, open_id, token_version, grant}], the arguments of private.store_refreshed_tokens; each login once.
  Returns:   what it returns, for each in their order. An error stores none of them.
*/
create function public.store_refreshed_logins(p_pairs jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  pair jsonb;
  outcomes jsonb := '[]';
begin
  -- 1. Lock all sellers, then the shops that were given up, all logins, all shops: docs/architecture.md.
  perform private.lock_sellers(
    variadic array(select (value ->> 'user_id')::uuid from jsonb_array_elements(p_pairs))
  );
  perform private.lock_refused_shops(p_pairs);
  perform from private.tiktok_logins
  where (user_id, open_id) in (
    select (value ->> 'user_id')::uuid, value ->> 'open_id' from jsonb_array_elements(p_pairs)
  )
  order by user_id, open_id
  for no key update;
  perform from public.tiktok_shops
  where (user_id, open_id) in (
    select (value ->> 'user_id')::uuid, value ->> 'open_id' from jsonb_array_elements(p_pairs)
  )
  order by id
  for no key update;
  -- 2. Store them.
  for pair in select value from jsonb_array_elements(p_pairs) loop
    outcomes := outcomes || to_jsonb(private.store_refreshed_tokens(
      (pair ->> 'user_id')::uuid, pair ->> 'open_id', (pair ->> 'token_version')::integer, pair -> 'grant'
    ));
  end loop;
  return outcomes;
end;
$$;
comment on function public.store_refreshed_logins(jsonb) is
  'Stores the refreshed token pairs of logins, each at all of its shops, with one call.';
grant execute on function public.store_refreshed_logins(jsonb) to service_role;

create function private.max_refresh_refusals()
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return 12;
end;
$$;
comment on function private.max_refresh_refusals() is
  'Consecutive transient refusals after which a connection needs the seller; the waits between them add up to about a day.';
grant execute on function private.max_refresh_refusals() to service_role;

/*
  Arguments: p_user_id and p_open_id, the login; p_lease_id; p_kind: reconnect, only the seller can fix it; refused,
             TikTok refused for another reason; unavailable, TikTok did not answer; p_error; p_retry_after_seconds.
  Returns:   needs_reauth; waiting, the old tokens stay and the refresh is retried; superseded, the lease was lost.
*/
create function public.fail_tiktok_refresh(
  p_user_id uuid,
  p_open_id text,
  p_lease_id uuid,
  p_kind text,
  p_error text,
  p_retry_after_seconds integer default null
)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
declare
  login private.tiktok_logins;
begin
  perform private.lock_sellers(p_user_id);
  update private.tiktok_logins
  set lease_id = null,
      lease_until = null,
      refresh_failures = refresh_failures + 1,
      refresh_refusals = refresh_refusals + case when p_kind = 'refused' then 1 else 0 end,
      last_refresh_error = left(p_error, 500),
      -- Up to 1 h after outages, up to 6 h after refusals.
      refresh_not_before = now() + greatest(
        private.backoff(refresh_failures + 1, case when p_kind = 'refused' then 21600 else 3600 end),
        make_interval(secs => coalesce(p_retry_after_seconds, 0))
      )
  where user_id = p_user_id and open_id = p_open_id and lease_id = p_lease_id
  returning * into login;
  if login.user_id is null then
    return 'superseded';
  elsif p_kind <> 'reconnect' and login.refresh_refusals < private.max_refresh_refusals() then
    return 'waiting';
  end if;
  perform private.close_tiktok_shops(array_agg(id), 'needs_reauth', 'token_refused')
  from public.tiktok_shops
  where user_id = p_user_id and open_id = p_open_id and connection_status in ('active', 'paused');
  return 'needs_reauth';
end;
$$;
comment on function public.fail_tiktok_refresh(uuid, text, uuid, text, text, integer) is
  'Ends a lease without new tokens.';
grant execute on function public.fail_tiktok_refresh(uuid, text, uuid, text, text, integer) to service_role;
