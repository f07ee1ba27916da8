-- Effects of TikTok events about a connection.

/*
  Arguments: p_event_id; p_tiktok_shop_id; p_event_at, the time at TikTok, null means when the event was received;
             p_confirmed_after, a time of this database after which TikTok confirmed the event, which then decides alone.
  Returns:   {outcome}: disconnected; stale, the seller connected again later; settled, the event already was.
*/
create function public.deauthorize_tiktok_shop(
  p_event_id bigint,
  p_tiktok_shop_id uuid,
  p_event_at timestamptz,
  p_confirmed_after timestamptz default null
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
begin
  if event.id is not null then
    perform from private.tiktok_logins as login
    join public.tiktok_shops as shop on shop.user_id = login.user_id and shop.open_id = login.open_id
    where shop.id = p_tiktok_shop_id
    for update of login;

    -- A late delivery concerns an older connection: the seller has authorized the app again since.
    perform private.close_tiktok_shops(array[id], 'disconnected', 'deauthorized')
    from public.tiktok_shops
    where id = p_tiktok_shop_id
      and (
        (
          connection_status in ('active', 'paused')
          and p_confirmed_after is null
          and coalesce(p_event_at, event.received_at) >= date_trunc('second', connected_at)
        )
        or (
          -- The confirmation may have been a refused refresh, which ended the connection.
          (connection_status in ('active', 'paused') or status_reason = 'token_refused')
          and p_confirmed_after >= connected_at
        )
      );
    if not found then
      return private.settle_locked_event(
        event, '{"outcome": "stale"}', 'ignored', 'older_than_connection'
      );
    end if;
  end if;
  return private.settle_locked_event(event, '{"outcome": "disconnected"}');
end;
$$;
comment on function public.deauthorize_tiktok_shop(bigint, uuid, timestamptz, timestamptz) is
  'Ends the connection after the seller revoked the authorization at TikTok, and settles the event.';
grant execute on function public.deauthorize_tiktok_shop(bigint, uuid, timestamptz, timestamptz) to service_role;

/*
  Arguments: p_tiktok_shop_id; p_token_version, the version of the token that TikTok refused with the stored cipher;
             p_shop_cipher, which TikTok names now, null if the login does not own the shop.
  Returns:   corrected; ended; null if there is nothing to correct, or the shop has other tokens meanwhile.
*/
create function public.correct_shop_cipher(p_tiktok_shop_id uuid, p_token_version integer, p_shop_cipher text)
returns text
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform private.lock_seller_and_shop(p_tiktok_shop_id);
  perform from private.tiktok_logins as login
  join public.tiktok_shops as shop on shop.user_id = login.user_id and shop.open_id = login.open_id
  where shop.id = p_tiktok_shop_id
    and login.token_version = p_token_version
    and shop.connection_status in ('active', 'paused')
    and shop.shop_cipher is distinct from p_shop_cipher
  for update of login;
  if not found then
    return null;
  end if;
  if p_shop_cipher is null then
    perform private.close_tiktok_shops(array[p_tiktok_shop_id], 'needs_reauth', 'not_authorized');
    return 'ended';
  end if;
  update public.tiktok_shops set shop_cipher = p_shop_cipher where id = p_tiktok_shop_id;
  return 'corrected';
end;
$$;
comment on function public.correct_shop_cipher(uuid, integer, text) is
  'Stores the cipher that TikTok has for a shop now, or ends the connection if the login no longer owns the shop.';
grant execute on function public.correct_shop_cipher(uuid, integer, text) to service_role;

/*
  Arguments: p_event_id; p_tiktok_shop_id; p_event_at, the earliest possible time at TikTok, null means when the event was
             received; p_expires_at.
  Returns:   {outcome}: recorded; stale, the seller connected again later; settled, the event already was.
*/
create function public.record_authorization_expiry(
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
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
  shop public.tiktok_shops;
begin
  if event.id is not null then
    -- All shops of a login share the authorization and its expiry.
    select named.* into shop
    from public.tiktok_shops as named
    join private.tiktok_logins as login on login.user_id = named.user_id and login.open_id = named.open_id
    where named.id = p_tiktok_shop_id
      and named.connection_status in ('active', 'paused')
      and coalesce(p_event_at, event.received_at) >= date_trunc('second', named.connected_at)
    for update of login;
    if shop.id is null then
      return private.settle_locked_event(
        event, '{"outcome": "stale"}', 'ignored', 'older_than_connection'
      );
    end if;
    perform private.lock_shops(shop.user_id, shop.open_id);
    update public.tiktok_shops
    set refresh_token_expires_at = p_expires_at
    where user_id = shop.user_id and open_id = shop.open_id and connection_status in ('active', 'paused');
    insert into public.analytics_events (user_id, event_type, properties)
    values (
      shop.user_id,
      'authorization_expiring',
      jsonb_build_object('shop_id', shop.shop_id, 'expires_at', p_expires_at)
    );
  end if;
  return private.settle_locked_event(event, '{"outcome": "recorded"}');
end;
$$;
comment on function public.record_authorization_expiry(bigint, uuid, timestamptz, timestamptz) is
  'Stores when the authorization expires, records an analytics event and settles the event.';
grant execute on function public.record_authorization_expiry(bigint, uuid, timestamptz, timestamptz) to service_role;

/*
  Arguments: p_event_id; p_tiktok_shop_id; p_webhook_url.
  Returns:   {outcome}: subscribed; settled, the event already was.
*/
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
  event private.webhook_events := private.lock_event_of_shop(p_event_id, p_tiktok_shop_id);
begin
  if event.id is not null then
    update public.tiktok_shops set webhook_url = p_webhook_url where id = p_tiktok_shop_id;
  end if;
  return private.settle_locked_event(event, '{"outcome": "subscribed"}');
end;
$$;
comment on function public.finish_webhook_subscription(bigint, uuid, text) is
  'Stores where TikTok sends the webhooks of a shop, and settles the event.';
grant execute on function public.finish_webhook_subscription(bigint, uuid, text) to service_role;
