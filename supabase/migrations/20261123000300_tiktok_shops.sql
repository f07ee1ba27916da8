-- The shops that sellers connected, and the tokens to act for them.

create table public.tiktok_shops (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  shop_id text not null,
  shop_name text,
  region text,
  shop_cipher text not null,
  open_id text not null,
  access_token text not null,
  refresh_token text not null,
  token_expires_at timestamptz not null,
  refresh_token_expires_at timestamptz not null,
  webhook_url text,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A shop belongs to one account; this is also the brief's idx_tiktok_shops_shop_id.
  constraint tiktok_shops_shop_id_key unique (shop_id),
  constraint tiktok_shops_shop_id_check check (shop_id ~ '^[0-9]{1,32}$'),
  constraint tiktok_shops_access_token_check check (private.is_encrypted(access_token)),
  constraint tiktok_shops_refresh_token_check check (private.is_encrypted(refresh_token))
);
comment on table public.tiktok_shops is 'A connected TikTok shop. Sellers read the harmless columns; only the backend writes.';
comment on column public.tiktok_shops.shop_id is 'TikTok''s shop id, the one that webhooks carry.';
comment on column public.tiktok_shops.shop_cipher is 'TikTok''s query parameter shop_cipher of API calls; opaque.';
comment on column public.tiktok_shops.open_id is 'TikTok''s id of the login that connected; one login may own several shops with one token pair.';
comment on column public.tiktok_shops.access_token is 'Encrypted (shared/crypto), with column and shop_id as associated data.';
comment on column public.tiktok_shops.refresh_token is 'Encrypted (shared/crypto), with column and shop_id as associated data.';
comment on column public.tiktok_shops.refresh_token_expires_at is 'End of the seller''s authorisation; may be a century away.';

create index idx_tiktok_shops_user_id on public.tiktok_shops (user_id);
create index idx_tiktok_shops_active on public.tiktok_shops (is_active) where is_active = true;

create trigger update_tiktok_shops_updated_at
  before update on public.tiktok_shops
  for each row execute function public.update_updated_at_column();

alter table public.tiktok_shops enable row level security;
create policy "Users can view own shops" on public.tiktok_shops
  for select to authenticated using ((select auth.uid()) = user_id);
grant select (
  id, user_id, shop_id, shop_name, region, token_expires_at, refresh_token_expires_at,
  webhook_url, is_active, created_at, updated_at
) on public.tiktok_shops to authenticated;
grant select, insert, update, delete on public.tiktok_shops to service_role;

create function public.connect_tiktok_shops(p_user_id uuid, p_grant jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  connected jsonb;
begin
  with written as (
    insert into public.tiktok_shops as shop (
      user_id, shop_id, shop_name, region, shop_cipher, open_id,
      access_token, refresh_token, token_expires_at, refresh_token_expires_at
    )
    select
      p_user_id, entry.shop_id, entry.shop_name, entry.region, entry.shop_cipher,
      p_grant ->> 'open_id', entry.access_token, entry.refresh_token,
      (p_grant ->> 'token_expires_at')::timestamptz,
      (p_grant ->> 'refresh_token_expires_at')::timestamptz
    from jsonb_to_recordset(p_grant -> 'shops') as entry (
      shop_id text, shop_name text, region text, shop_cipher text,
      access_token text, refresh_token text
    )
    on conflict (shop_id) do update
      set shop_name = excluded.shop_name,
          region = excluded.region,
          shop_cipher = excluded.shop_cipher,
          open_id = excluded.open_id,
          access_token = excluded.access_token,
          refresh_token = excluded.refresh_token,
          token_expires_at = excluded.token_expires_at,
          refresh_token_expires_at = excluded.refresh_token_expires_at,
          is_active = true
      where shop.user_id = p_user_id
    returning shop.id, shop.shop_id
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', id, 'shop_id', shop_id)), '[]')
  into connected
  from written;
  -- A row that was not written belongs to another account: nothing of this connection is kept.
  if jsonb_array_length(connected) <> jsonb_array_length(p_grant -> 'shops') then
    raise exception 'A shop is connected to another account' using errcode = 'PT409';
  end if;
  -- What came before the shop was connected is worked now.
  update private.webhook_events
  set status = 'pending', reason = null, settled_at = null, attempts = 0, next_attempt_at = now()
  where source = 'tiktok'
    and status = 'ignored'
    and reason = 'the shop is not connected'
    and shop_id in (select entry ->> 'shop_id' from jsonb_array_elements(connected) as entry);
  return connected;
end;
$$;
comment on function public.connect_tiktok_shops(uuid, jsonb) is
  'Stores the shops of one TikTok login, all or none. p_grant: {open_id, token_expires_at, refresh_token_expires_at, shops: [{shop_id, shop_name, region, shop_cipher, access_token, refresh_token}]}, tokens encrypted. Reopens their events that came before. Returns [{id, shop_id}]; raises PT409 (HTTP 409) if another account holds one of them.';
grant execute on function public.connect_tiktok_shops(uuid, jsonb) to service_role;
