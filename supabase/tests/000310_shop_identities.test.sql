-- A shop is counted in all accounts together, and longer than any of them exists.
begin;
\ir helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'amy', 'bob']) as nickname;
select tests.connect_shop(nickname) from unnest(array['ada', 'bob']) as nickname;

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.shop_identities',
  'select * from private.monthly_shop_counts',
  'update private.monthly_shop_counts set orders = 0',
  'select private.identify_shop(null, null)',
  'select private.monthly_shop_count(null)',
  'select private.check_shop_limit(null)',
  'select private.lock_order_counts(null)',
  'select shop_key from public.tiktok_shops'
]) as statement;
select tests.refused('service_role', 'delete from private.monthly_shop_counts', 'not even the backend forgets a count');
select tests.refused('service_role', 'delete from private.shop_identities', 'nor a shop');

-- The key of a shop.
create function tests.shop_key(nickname text)
returns uuid
language sql
stable
as $$
  select shop_key from public.tiktok_shops where id = tests.shop(nickname);
$$;
create function tests.identify(shop_id text, variadic hashes text[])
returns uuid
language sql
as $$
  select tests.run_as('service_role', format('select private.identify_shop(%L, %L)', shop_id, hashes))::uuid;
$$;
select is(tests.identify('0', 'k2.x', 'test.' || tests.shop_id('ada')), tests.shop_key('ada'), 'one known hash is enough');
select is(tests.identify('0', 'k3.x', 'k2.x'), tests.shop_key('ada'), 'each hash is kept');
select is(tests.identify(tests.shop_id('ada'), 'k4.x'), tests.shop_key('ada'), 'a stored shop is known without one');
select isnt(tests.identify('0', 'k2.y'), tests.shop_key('ada'), 'another shop has another key');
select is(
  tests.attempt('service_role', format('select private.identify_shop(''1'', %L)', hashes)), 'PT400', 'no hash, no shop'
)
from unnest(array['{}', null]) as hashes;

-- The same shop in another account.
create function tests.take(nickname text, orders integer, first integer)
returns text
language sql
as $$
  select string_agg(outcome || ' ' || times, ', ' order by outcome desc)
  from (
    select outcome, count(*) as times
    from generate_series(first, first + orders - 1) as n
    cross join lateral tests.ingest(nickname, n::text) as outcome
    group by outcome
  ) as outcomes;
$$;
create function tests.move_shop(nickname text)
returns text
language plpgsql
as $$
begin
  update public.tiktok_shops
  set connection_status = 'disconnected', status_reason = 'by_seller', access_token = null, refresh_token = null
  where shop_id = tests.shop_id(nickname) and connection_status = 'active';
  return tests.connect_shop(nickname);
end;
$$;
comment on function tests.move_shop(text) is 'The shop of ada, whose name begins with the same letter, is connected by this seller.';
select is(tests.take('ada', 7, 1), 'inserted 7', 'a shop in one account');
select tests.move_shop('amy');
select is(tests.shop_key('amy'), tests.shop_key('ada'), 'is the same shop in another account');
select is(tests.take('amy', 5, 101), 'inserted 3, held 2', 'where it has only the places that are left');
select is(public.check_order_limit(tests.id('amy')), true, 'although the account has places');
select is(public.release_held_events(tests.id('amy')), 0, 'which release no order of the shop');
select is(
  (tests.run_as('amy', 'select public.get_usage()')::jsonb) -> 'shops',
  jsonb_build_array(jsonb_build_object('shop_id', tests.shop_id('amy'), 'used', 10)), 'the seller sees why'
);

-- Another shop of this seller.
select tests.run_as('service_role', format(
  'select public.connect_tiktok_shops(%L, %L)', tests.id('amy'),
  jsonb_set(tests.shop_grant('amy'), '{shops,1}', (tests.shop_grant('amy') #> '{shops,0}') || '{"shop_id": "2", "shop_id_hashes": ["test.2"]}')
));
create function tests.ingest_second(number text)
returns text
language sql
as $$
  insert into private.webhook_events (source, external_id, event_type, shop_id, body)
  values ('tiktok', 'second ' || number, 'ORDER_STATUS_CHANGE', '2', '{}');
  select tests.run_as('service_role', format(
    'select public.ingest_order(%L, %L, %L) ->> ''outcome''',
    (select id from private.webhook_events where external_id = 'second ' || number),
    (select id from public.tiktok_shops where shop_id = '2'),
    tests.order_json(number, '{"order_status": "in_transit"}')
  ));
$$;
select is(
  (select string_agg(distinct tests.ingest_second(n::text), ' ') from generate_series(201, 207) as n), 'inserted',
  'has the other places of the account: more urgent orders of a full shop do not keep them'
);
select is(tests.ingest_second('208'), 'held', 'as many as the plan has');
select tests.subscribe('amy', 'starter');
select is(public.release_held_events(tests.id('amy')), 3, 'a larger plan has places for the shop as well');

-- An order that gives its place back, and the deletion of an account.
delete from auth.users where id = tests.id('amy');
select is(private.monthly_shop_count(tests.shop_key('ada')), 10, 'the count outlives the account');
select tests.sign_up('amy');
select tests.move_shop('amy');
select is(tests.take('amy', 1, 301), 'held 1', 'signing up again brings no places');
update private.monthly_shop_counts set orders = 9 where shop_key = tests.shop_key('amy');
select is(
  tests.ingest('amy', 'unpaid', '{"order_status": "received", "payment_status": "pending", "ship_by": "2026-01-01T00:00:00Z"}'),
  'held', 'an urgent order that waits keeps the last place'
);
delete from private.held_orders;
select is(
  tests.ingest('amy', 'unpaid', '{"order_status": "received", "payment_status": "pending"}'), 'inserted', 'the last place'
);
select is(private.monthly_shop_count(tests.shop_key('amy')), 10, 'is taken');
select is(
  tests.ingest('amy', 'unpaid', '{"order_status": "cancelled", "payment_status": "cancelled", "tiktok_updated_at": "2026-11-02T00:00:00Z"}'),
  'updated', 'an order is cancelled before payment'
);
select is(private.monthly_shop_count(tests.shop_key('amy')), 9, 'and gives the place of its shop back');

-- Three months.
select private.purge_old_rows();
select is(private.monthly_shop_count(tests.shop_key('amy')), 9, 'a count of this month stays');
delete from auth.users where id in (tests.id('amy'), tests.id('ada'));
update private.monthly_shop_counts set month = (private.current_month() - interval '3 months')::date;
select private.purge_old_rows();
select isnt_empty('select from private.monthly_shop_counts', 'so does one of three months ago');
update private.monthly_shop_counts set month = (private.current_month() - interval '4 months')::date;
select private.purge_old_rows();
select is_empty('select from private.monthly_shop_counts', 'an older one goes');
select results_eq(
  'select shop_id_hash from private.shop_identities', format('values (%L)', 'test.' || tests.shop_id('bob')),
  'and with it the hashes of a shop that no account has connected'
);

select * from finish();
rollback;
