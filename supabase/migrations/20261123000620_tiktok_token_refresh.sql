-- Tokens are refreshed by one worker at a time: a lease on the login, and a number that every new pair
-- raises. TikTok's refresh tokens work once.

create function private.describe_tiktok_lease(p_login private.tiktok_logins)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'user_id', p_login.user_id,
    'open_id', p_login.open_id,
    'token_version', p_login.token_version,
    'lease_id', p_login.lease_id,
    'shop_ids', jsonb_agg(shop.shop_id order by shop.shop_id),
    -- The same pair stands at every shop of the login, each encrypted for itself.
    'refresh_token', (array_agg(shop.refresh_token order by shop.shop_id))[1]
  )
  from public.tiktok_shops as shop
  where shop.user_id = p_login.user_id
    and shop.open_id = p_login.open_id
    and shop.connection_status = 'active';
$$;
comment on function private.describe_tiktok_lease(private.tiktok_logins) is
  'What a worker needs for a refresh; refresh_token is that of the first of shop_ids.';
grant execute on function private.describe_tiktok_lease(private.tiktok_logins) to service_role;

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
  -- No call can mend these.
  expired := array(
    select id from public.tiktok_shops
    where connection_status = 'active' and refresh_token_expires_at <= now()
    for update skip locked
  );
  perform private.close_tiktok_shops(expired, 'needs_reauth', 'authorization_expired');

  select coalesce(jsonb_agg(jsonb_build_object('user_id', user_id, 'open_id', open_id)), '[]') into due
  from (
    select login.user_id, login.open_id
    from private.tiktok_logins as login
    join (
      select user_id, open_id, min(token_expires_at) as expires_at
      from public.tiktok_shops
      where connection_status = 'active'
        and token_expires_at <= now() + interval '24 hours'
        and refresh_token_expires_at > now()
      group by user_id, open_id
    ) as soon on soon.user_id = login.user_id and soon.open_id = login.open_id
    where (login.lease_until is null or login.lease_until <= now())
      and (login.refresh_not_before is null or login.refresh_not_before <= now())
      and (login.last_refreshed_at is null or login.last_refreshed_at <= now() - interval '1 minute')
    order by soon.expires_at
    limit p_limit
    for update of login skip locked
  ) as locked;

  -- Another statement, which sees what was stored just before the rows were locked.
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
  'Leases up to p_limit logins whose access token ends within 24 hours, oldest first, for p_lease_seconds; none that was refreshed within the last minute. Ends the connections whose consent has run out. Returns {expired: shops ended, logins: [{user_id, open_id, token_version, lease_id, shop_ids, refresh_token}]}.';
grant execute on function public.claim_tiktok_logins(integer, integer) to service_role;

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
  select owner.* into login
  from private.tiktok_logins as owner
  join public.tiktok_shops as owned on owned.user_id = owner.user_id and owned.open_id = owner.open_id
  where owned.id = p_tiktok_shop_id
  for update of owner;
  select * into shop from public.tiktok_shops where id = p_tiktok_shop_id;

  if shop.connection_status is distinct from 'active' then
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
    -- A brand-new token is refused: another one would be too.
    return jsonb_build_object('state', 'waiting', 'retry_after_seconds', 60);
  end if;
  update private.tiktok_logins
  set lease_id = gen_random_uuid(),
      lease_until = now() + make_interval(secs => p_lease_seconds)
  where user_id = login.user_id and open_id = login.open_id
  returning * into login;
  return jsonb_build_object('state', 'leased', 'login', private.describe_tiktok_lease(login));
end;
$$;
comment on function public.lease_tiktok_login(uuid, integer, integer) is
  'For a call that TikTok refused because its token, of p_token_version, has expired. Returns {state}: leased with login (as claim_tiktok_logins), fresh with access_token and token_version (somebody has refreshed since), busy (somebody is at it), waiting with retry_after_seconds, or inactive.';
grant execute on function public.lease_tiktok_login(uuid, integer, integer) to service_role;

create function public.store_refreshed_tokens(
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
begin
  -- By the number alone: a worker whose lease ran out still holds the only pair that TikTok knows.
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

  -- Its slowness may have made another worker believe that the login is dead.
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
      connection_status = 'active',
      status_reason = null
  from jsonb_to_recordset(p_grant -> 'shops') as entry (
    shop_id text, access_token text, refresh_token text
  )
  where shop.user_id = p_user_id
    and shop.open_id = p_open_id
    and shop.shop_id = entry.shop_id
    and (shop.connection_status = 'active' or shop.status_reason = 'token_refused');
  return 'stored';
end;
$$;
comment on function public.store_refreshed_tokens(uuid, text, integer, jsonb) is
  'Stores the pair that a refresh gave, at every shop of the login, if the stored pair is still the one of p_token_version. p_grant: {requested_at, token_expires_at, refresh_token_expires_at, granted_scopes, shops: [{shop_id, access_token, refresh_token}]}, encrypted. Returns stored or superseded.';
grant execute on function public.store_refreshed_tokens(uuid, text, integer, jsonb) to service_role;

create function private.max_refresh_refusals()
returns integer
language sql
immutable
set search_path = ''
as $$
  select 12;
$$;
comment on function private.max_refresh_refusals() is
  'Refusals in a row, of a kind that may pass, after which a login is given up; the waits between them sum up to about a day.';
grant execute on function private.max_refresh_refusals() to service_role;

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
  update private.tiktok_logins
  set lease_id = null,
      lease_until = null,
      refresh_failures = refresh_failures + 1,
      refresh_refusals = refresh_refusals + case when p_kind = 'refused' then 1 else 0 end,
      last_refresh_error = left(p_error, 500),
      -- 30 s doubling, of which a random half; outages are asked after each hour, refusals less often.
      refresh_not_before = now() + greatest(
        make_interval(
          secs => least(
            30 * 2 ^ least(refresh_failures, 20),
            case when p_kind = 'refused' then 21600 else 3600 end
          ) * (0.5 + random() / 2)
        ),
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
  where user_id = p_user_id and open_id = p_open_id and connection_status = 'active';
  return 'needs_reauth';
end;
$$;
comment on function public.fail_tiktok_refresh(uuid, text, uuid, text, text, integer) is
  'Ends a lease without new tokens. p_kind: reconnect (only the seller can mend it), refused (TikTok said no for another reason), unavailable (it did not say). Returns needs_reauth, waiting (the old tokens are kept, and it is tried again later) or superseded (the lease was lost).';
grant execute on function public.fail_tiktok_refresh(uuid, text, uuid, text, text, integer) to service_role;
