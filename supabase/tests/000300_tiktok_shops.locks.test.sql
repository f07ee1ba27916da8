-- Who locks a TikTok shop, and how: docs/architecture.md.
begin;
\ir helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob', 'cem']) as nickname;
select tests.connect_shop('ada');
-- A second shop of ada, which no call of this transaction has locked.
insert into public.tiktok_shops (
  id, user_id, shop_id, shop_key, shop_name, region, shop_cipher, open_id, access_token, refresh_token,
  token_expires_at, refresh_token_expires_at, connected_at
)
select
  tests.id('second'), user_id, '7490000000000000099', shop_key, shop_name, region, shop_cipher, open_id, access_token,
  refresh_token, token_expires_at, refresh_token_expires_at, connected_at
from public.tiktok_shops where id = tests.shop('ada');

create function tests.locks(name text)
returns text
language sql
as $$
  select string_agg(mode, ' ' order by mode)
  from pg_locks
  where locktype = 'advisory' and pid = pg_backend_pid()
    and (classid::bigint << 32 | objid::bigint) = hashtextextended(name, 0);
$$;

select is(
  tests.locks('shop:' || tests.shop_id('ada')), 'ExclusiveLock', 'who connects a shop waits for all calls for it'
);
select is(tests.locks('shop:7490000000000000099'), null, 'other shops are free');
select private.lock_seller_and_shop(tests.id('second'));
select is(tests.locks('shop:7490000000000000099'), 'ShareLock', 'a call for a shop shares it');
select is(tests.locks('seller:' || tests.id('ada')), 'ShareLock', 'and its seller');
select lives_ok(
  format('select private.lock_seller_and_shop(%L)', tests.id('unknown')), 'an unknown connection locks nothing'
);
select private.lock_tiktok_shops('3', null, '1', '3');
select is(tests.locks('shop:' || id), mode, 'of many shops each is shared: ' || id)
from (values ('1', 'ShareLock'), ('2', null), ('3', 'ShareLock')) as expected (id, mode);
select private.lock_tiktok_shops(null);
select private.lock_tiktok_shops_alone('5', '4');
select is(tests.locks('shop:' || id), 'ExclusiveLock', 'alone: ' || id) from unnest(array['4', '5']) as id;

delete from auth.users where id = tests.id('ada');
select is(
  tests.locks('shop:7490000000000000099'), 'ExclusiveLock ShareLock',
  'attack: a deletion by Auth takes each shop of the account alone'
);
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'bob']) as who
cross join unnest(array[
  'select private.lock_tiktok_shops(''1'')',
  'select private.lock_tiktok_shops_alone(''1'')',
  'select private.lock_seller_and_shop(null)',
  'select private.lock_account_alone(null)'
]) as statement;

select * from finish();
rollback;
