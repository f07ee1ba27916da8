-- Facts that outlive an account: shops under a keyed hash, and the orders that each received in a month.

create table private.shop_identities (
  shop_id_hash text primary key,
  shop_key uuid not null
);
comment on table private.shop_identities is 'Every shop that was ever connected, by a keyed hash of its TikTok id: a shop keeps its key in any account; deleted three months after its last use.';
comment on column private.shop_identities.shop_id_hash is 'Blind index (shared/crypto) of tiktok_shops.shop_id, one row for each key of the ring.';
comment on column private.shop_identities.shop_key is 'Random, the same in all rows of one shop and in tiktok_shops.shop_key.';

alter table private.shop_identities enable row level security;
grant select, insert on private.shop_identities to service_role;

/*
  Arguments: p_shop_id, TikTok's; p_hashes, its hashes under every key of the ring.
  Returns:   the key of the shop; the caller holds the lock of its connection.
  Errors:    PT400, no hash was given.
*/
create function private.identify_shop(p_shop_id text, p_hashes text[])
returns uuid
language plpgsql
security invoker
set search_path = ''
as $$
declare
  known uuid;
begin
  if coalesce(cardinality(p_hashes), 0) = 0 then
    raise exception 'A shop needs the hashes of its id' using errcode = 'PT400';
  end if;
  known := coalesce(
    (select shop_key from private.shop_identities where shop_id_hash = any (p_hashes) limit 1),
    -- Its hash may be of a key that left the ring.
    (select shop_key from public.tiktok_shops where shop_id = p_shop_id order by created_at limit 1),
    gen_random_uuid()
  );
  insert into private.shop_identities (shop_id_hash, shop_key)
  select hash, known from unnest(p_hashes) as hash
  on conflict (shop_id_hash) do nothing;
  return known;
end;
$$;
comment on function private.identify_shop(text, text[]) is
  'Part of connect_tiktok_shops: finds or creates the key under which a shop is counted in every account.';
grant execute on function private.identify_shop(text, text[]) to service_role;

-- A domain: each statement reads the CHECKs of a table again, and every order changes three of these months.
create domain private.month as date
  constraint month_check check (extract(day from value) = 1);
comment on domain private.month is 'A month (UTC), as its first day.';

create table private.monthly_shop_counts (
  shop_key uuid not null,
  month private.month not null,
  orders integer not null default 0,
  primary key (shop_key, month),
  constraint monthly_shop_counts_orders_check check (orders >= 0)
);
comment on table private.monthly_shop_counts is 'Number of orders that count for the plan which a shop received in a month (UTC), in all accounts together; outlives them, and is deleted after three months.';

alter table private.monthly_shop_counts enable row level security;
grant select, insert, update on private.monthly_shop_counts to service_role;
