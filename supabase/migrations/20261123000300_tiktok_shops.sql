-- Connected shops and their tokens.

create table private.tiktok_logins (
  user_id uuid not null references public.users (id) on delete cascade,
  open_id text not null,
  token_version integer not null default 1,
  pair_requested_at timestamptz not null default now(),
  last_refreshed_at timestamptz,
  refresh_not_before timestamptz,
  refresh_failures integer not null default 0,
  refresh_refusals integer not null default 0,
  last_refresh_error text,
  lease_id uuid,
  lease_until timestamptz,
  primary key (user_id, open_id),
  constraint tiktok_logins_lease_check check ((lease_id is null) = (lease_until is null))
);
comment on table private.tiktok_logins is 'TikTok logins that sellers connected with; the shops of a login share one token pair, so a refresh is leased here: docs/tiktok.md.';
comment on column private.tiktok_logins.open_id is 'The TikTok id of the login for this app.';
comment on column private.tiktok_logins.token_version is 'Raised with every new token pair; a worker with an older number used a pair that is no longer stored.';
comment on column private.tiktok_logins.pair_requested_at is 'When the stored pair was requested; a late answer with an older pair does not replace it.';
comment on column private.tiktok_logins.refresh_not_before is 'Earliest time of the next refresh after a failure.';
comment on column private.tiktok_logins.refresh_failures is 'Consecutive failures; they decide the length of the next wait.';
comment on column private.tiktok_logins.refresh_refusals is 'Consecutive failures in which TikTok refused; the last of them ends the connection.';
comment on column private.tiktok_logins.lease_until is 'Until then only the worker with lease_id may refresh.';

alter table private.tiktok_logins enable row level security;
grant select, insert, update on private.tiktok_logins to service_role;

create table public.tiktok_shops (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  shop_id text not null,
  shop_key uuid not null default gen_random_uuid(),
  shop_name text,
  region text,
  shop_cipher text not null,
  open_id text not null,
  granted_scopes text[] not null default '{}',
  access_token text,
  refresh_token text,
  token_expires_at timestamptz not null,
  refresh_token_expires_at timestamptz not null,
  webhook_url text,
  orders_synced_until timestamptz,
  returns_synced_until timestamptz,
  first_sync_done boolean not null default false,
  connection_status text not null default 'active',
  status_reason text,
  probe_at timestamptz,
  is_active boolean not null generated always as (connection_status = 'active') stored,
  connected_at timestamptz not null default now(),
  ended_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tiktok_shops_login_fkey foreign key (user_id, open_id)
    references private.tiktok_logins (user_id, open_id) on delete cascade,
  constraint tiktok_shops_user_id_shop_id_key unique (user_id, shop_id),
  constraint tiktok_shops_shop_id_check check (shop_id ~ '^[0-9]{1,32}$'),
  constraint tiktok_shops_access_token_check check (private.is_encrypted(access_token)),
  constraint tiktok_shops_refresh_token_check check (private.is_encrypted(refresh_token)),
  constraint tiktok_shops_connection_status_check check (
    case connection_status
      when 'active' then status_reason is null
      when 'paused' then coalesce(status_reason in ('shop_inactive', 'seller_inactive'), false)
      when 'needs_reauth'
        then coalesce(status_reason in ('token_refused', 'authorization_expired', 'not_authorized'), false)
      when 'disconnected' then coalesce(status_reason in ('by_seller', 'deauthorized'), false)
      when 'transferred' then coalesce(status_reason = 'connected_elsewhere', false)
      else false
    end
  ),
  constraint tiktok_shops_probe_at_check check ((connection_status = 'paused') = (probe_at is not null)),
  -- A connection that ended keeps no tokens.
  constraint tiktok_shops_tokens_check check (
    (connection_status in ('active', 'paused')) = (access_token is not null)
    and (connection_status in ('active', 'paused')) = (refresh_token is not null)
  )
);
comment on table public.tiktok_shops is 'Connected TikTok shops; sellers read the columns without secrets, only the backend writes.';
comment on column public.tiktok_shops.shop_id is 'The TikTok shop id, as in webhooks.';
comment on column public.tiktok_shops.shop_key is 'Key of what is counted for the shop in every account: private.shop_identities; connect_tiktok_shops finds it.';
comment on column public.tiktok_shops.shop_cipher is 'Opaque query parameter shop_cipher of TikTok API calls.';
comment on column public.tiktok_shops.open_id is 'The TikTok id of the login that connected the shop; a login may own several shops with one token pair.';
comment on column public.tiktok_shops.granted_scopes is 'Scopes that TikTok granted for the shop, e.g. seller.order.info; empty if TikTok did not name them.';
comment on column public.tiktok_shops.connection_status is 'active; paused: TikTok has deactivated the shop; needs_reauth: the seller has to connect again; disconnected: by the seller, here or at TikTok; transferred: another account connected the shop later.';
comment on column public.tiktok_shops.status_reason is 'Code of the reason why it is not active: docs/tiktok.md.';
comment on column public.tiktok_shops.probe_at is 'paused: when the next probe reads from TikTok whether the shop is active again.';
comment on column public.tiktok_shops.connected_at is 'When the seller last authorized the app at TikTok; earlier TikTok events concern an older connection.';
comment on column public.tiktok_shops.ended_at is 'When the connection ended; null while the shop is connected. Personal data stay for a time after it: docs/privacy.md.';
comment on column public.tiktok_shops.orders_synced_until is 'Every order of the shop that changed before this time is stored or in the inbox.';
comment on column public.tiktok_shops.returns_synced_until is 'Every return of the shop that was paid back before this time is in the timeline of its order or in the inbox.';
comment on column public.tiktok_shops.first_sync_done is 'Once true, an order that only a sync finds counts as missed by the webhooks.';
comment on column public.tiktok_shops.webhook_url is 'The URL that TikTok sends the webhooks of this shop to.';
comment on column public.tiktok_shops.access_token is 'Encrypted (shared/crypto), with column and shop_id as associated data.';
comment on column public.tiktok_shops.refresh_token is 'Encrypted (shared/crypto), with column and shop_id as associated data.';
comment on column public.tiktok_shops.refresh_token_expires_at is 'End of the authorization by the seller; may be a century ahead.';

-- A shop has one account at a time; the rows of former accounts are history.
create unique index tiktok_shops_shop_id_key on public.tiktok_shops (shop_id)
  where connection_status <> 'transferred';
-- Serves the search for the connections of a TikTok shop, the former ones included.
create index idx_tiktok_shops_shop_id on public.tiktok_shops (shop_id);
-- Serves the purge of shop identities.
create index idx_tiktok_shops_shop_key on public.tiktok_shops (shop_key);
-- Under its requested name; open_id completes the foreign key.
create index idx_tiktok_shops_user_id on public.tiktok_shops (user_id, open_id);
-- Serves the exchange of a code: its pair is that of the login's shops in every account.
create index idx_tiktok_shops_open_id on public.tiktok_shops (open_id);
create index idx_tiktok_shops_token_expires_at on public.tiktok_shops (token_expires_at)
  where connection_status = 'active';
-- Serves the end of connections whose authorization expired.
create index idx_tiktok_shops_authorization on public.tiktok_shops (refresh_token_expires_at)
  where connection_status in ('active', 'paused');
-- Serves the removal of personal data.
create index idx_tiktok_shops_ended_at on public.tiktok_shops (ended_at) where ended_at is not null;
create index idx_tiktok_shops_probe_at on public.tiktok_shops (probe_at) where connection_status = 'paused';
create index idx_tiktok_shops_active on public.tiktok_shops (is_active) where is_active = true;

/*
  Arguments: p_shop_ids, ids at TikTok.
*/
create function private.lock_tiktok_shops(variadic p_shop_ids text[])
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if cardinality(p_shop_ids) = 1 then
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('shop:' || p_shop_ids[1], 0));
  elsif cardinality(p_shop_ids) > 1 then
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('shop:' || id, 0))
    from (select distinct id from unnest(p_shop_ids) as given (id) where id is not null order by id) as shop;
  end if;
end;
$$;
comment on function private.lock_tiktok_shops(text[]) is
  'Lock of a function that locks events or held orders of a TikTok shop, shared by all but those that connect it or delete an account that had it.';
grant execute on function private.lock_tiktok_shops(text[]) to service_role;

create function private.lock_tiktok_shops_alone(variadic p_shop_ids text[])
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('shop:' || id, 0))
  from (select distinct id from unnest(p_shop_ids) as given (id) order by id) as shop;
end;
$$;
comment on function private.lock_tiktok_shops_alone(text[]) is
  'The same lock, exclusive: no function uses events of the shops, and their connections stay as they are.';
grant execute on function private.lock_tiktok_shops_alone(text[]) to service_role;

create function private.lock_seller_and_shop(p_tiktok_shop_id uuid)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  named record;
begin
  -- Neither column of a row ever changes.
  select user_id, shop_id into named from public.tiktok_shops where id = p_tiktok_shop_id;
  if found then
    -- As lock_sellers and lock_tiktok_shops, without their calls: every order begins here.
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('seller:' || named.user_id, 0));
    perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('shop:' || named.shop_id, 0));
  end if;
end;
$$;
comment on function private.lock_seller_and_shop(uuid) is
  'First locks of a function for a connected shop: its seller, then the TikTok shop, which other sellers may have had.';
grant execute on function private.lock_seller_and_shop(uuid) to service_role;

create function private.lock_shops(p_user_id uuid, p_open_id text)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  perform 1 from public.tiktok_shops
  where user_id = p_user_id and open_id = p_open_id
  order by id
  for no key update;
end;
$$;
comment on function private.lock_shops(uuid, text) is 'Locks the shops of a TikTok login, which is locked already.';
grant execute on function private.lock_shops(uuid, text) to service_role;

create trigger update_tiktok_shops_updated_at
  before update on public.tiktok_shops
  for each row execute function public.update_updated_at_column();

alter table public.tiktok_shops enable row level security;
create policy "Users can view own shops" on public.tiktok_shops
  for select to authenticated using ((select auth.uid()) = user_id);
grant select (
  id, user_id, shop_id, shop_name, region, granted_scopes, token_expires_at, refresh_token_expires_at,
  webhook_url, connection_status, status_reason, is_active, connected_at, ended_at, created_at,
  updated_at
) on public.tiktok_shops to authenticated;
grant select, insert, update on public.tiktok_shops to service_role;
