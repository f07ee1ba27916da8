-- Storing orders.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

select tests.refused(
  who,
  format(
    'select public.ingest_order(%s, %L, %L)',
    tests.receive_event('ada', 'of ' || who), tests.shop('ada'), tests.order_json('1')
  ),
  who || ' cannot call ingest_order'
)
from unnest(array['anon', 'ada', 'bob']) as who;
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select private.insert_orders(null, null)',
  'select private.update_order(null, null)',
  'select private.merge_order(null, null)',
  'select private.is_order_of_readings_unknown(null, null)',
  'select private.read_order_again(null, null)',
  'select private.replaces_address(null, null, null)'
]) as statement;

-- An order comes in once.
select is(tests.ingest('ada', '1'), 'inserted', 'a new order is inserted');
select results_eq(
  $$select user_id, tiktok_shop_id, order_status, payment_status, total_amount, currency
    from public.orders where tiktok_order_id = '1'$$,
  $$values (tests.id('ada'), tests.shop('ada'), 'awaiting_shipment', 'paid', 12.50, 'USD')$$,
  'for the seller of the shop'
);
select is(private.monthly_order_count(tests.id('ada')), 1, 'and counted');
select is(tests.ingest('ada', '1'), 'updated', 'the same order again is an update');
select is((select count(*) from public.orders), 1::bigint, 'it is stored once');
select is(private.monthly_order_count(tests.id('ada')), 1, 'and counted once');
select is(tests.ingest('bob', '1'), 'inserted', 'the same number of another shop is another order');
select is(
  (select count(*) from private.webhook_events where status = 'done' and object_id = '1'),
  3::bigint,
  'each event is settled'
);

-- A newer state wins.
select is(
  tests.ingest('ada', '1', '{"order_status": "delivered", "tiktok_updated_at": "2026-11-02T00:00:00Z"}'),
  'updated',
  'a newer state is stored'
);
select is(
  tests.ingest('ada', '1', '{"order_status": "on_hold", "tiktok_updated_at": "2026-11-01T23:59:59Z"}'),
  'stale',
  'an older one is not'
);
select is(
  (select order_status from public.orders where tiktok_shop_id = tests.shop('ada')),
  'delivered',
  'the newer one stays'
);

-- The later reading of two states of one second wins; this transaction stands at one time.
select is(tests.ingest('ada', 'second'), 'inserted', 'a state of a second');
create function tests.read_at(seconds double precision, total text)
returns text
language plpgsql
as $$
declare
  outcome text := tests.ingest('ada', 'second', jsonb_build_object(
    'read_after', now() + make_interval(secs => seconds),
    'total_amount', total,
    'order_items', jsonb_build_array(jsonb_build_object('quantity', total))
  ));
begin
  return (
    select concat_ws(
      ' ', outcome, total_amount, order_items #>> '{0,quantity}',
      (select count(*) from private.webhook_events where status = 'pending')
    )
    from public.orders
    where tiktok_order_id = 'second'
  );
end;
$$;
update private.webhook_events set status = 'done' where status = 'pending';
select is(tests.read_at(1, '20.00'), 'updated 20.00 20.00 0', 'a reading that began afterwards is stored');
select is(
  tests.read_at(-0.000001, '12.50'), 'reread 20.00 20.00 1',
  'attack: one that may have been earlier takes no amount and no item back, and is read again'
);
select is(tests.read_at(-1, '20.00'), 'updated 20.00 20.00 1', 'unless both say the same');
update private.webhook_events set status = 'done' where status = 'pending';
select is(
  tests.ingest('ada', 'second', '{"read_after": "2026-01-01Z", "tiktok_updated_at": "2026-11-01T00:00:01Z"}'), 'updated',
  'a later second needs no time of reading'
);
select is(
  tests.ingest('ada', 'second', '{"read_after": "2027-01-01Z", "tiktok_updated_at": "2026-11-01T00:00:00Z"}'), 'stale',
  'and no time of reading helps an earlier one'
);

-- Addresses.
create function tests.address_after(line text, status text)
returns text
language sql
as $$
  select tests.ingest('ada', '1', jsonb_build_object(
    'shipping_address', jsonb_build_object('line1', line),
    'address_status', status,
    'tiktok_updated_at', '2026-11-03T00:00:00Z'
  ));
  select (shipping_address ->> 'line1') || ' ' || address_status
  from public.orders where tiktok_shop_id = tests.shop('ada');
$$;
select is(tests.address_after('1* Elm', 'masked'), '1* Elm masked', 'a masked address is better than none');
select is(tests.address_after('11 Elm', 'readable'), '11 Elm readable', 'a readable one is better');
select is(tests.address_after('1* Elm', 'masked'), '11 Elm readable', 'and is kept');
select is(tests.address_after('', 'none'), '11 Elm readable', 'also when there is none any more');
select is(tests.address_after('7 Oak', 'readable'), '7 Oak readable', 'until the buyer moves');
select is(
  (
    select array_agg(private.replaces_address('masked', 'readable', status) order by status)
    from unnest(array['awaiting_shipment', 'cancelled', 'completed', 'delivered']) as status
  ),
  array[false, true, true, false],
  'a mask replaces a readable address only when the order no longer ships'
);
select ok(not private.replaces_address('none', 'readable', 'completed'), 'no address replaces none');

-- Invalid orders.
select is(
  tests.attempt(
    'service_role', format('select public.ingest_order(0, %L, %L)', tests.shop('ada'), tests.order_json('2'))
  ),
  'PT404',
  'without an event nothing is taken in'
);
select is(
  tests.attempt(
    'service_role',
    format(
      'select public.ingest_order(%s, %L, %L)',
      tests.receive_event('ada', 'no shop'), gen_random_uuid(), tests.order_json('2')
    )
  ),
  'PT404',
  'nor without a shop'
);
create table tests.settled as select id from private.webhook_events where status = 'done' limit 1;
select is(
  tests.run_as(
    'service_role',
    format(
      'select public.ingest_order(%s, %L, %L) ->> ''outcome''', id, tests.shop('ada'), tests.order_json('2')
    )
  ),
  'settled',
  'a settled event does nothing'
)
from tests.settled;
select is_empty($$select id from public.orders where tiktok_order_id = '2'$$, 'nothing came in');
select tests.receive_event('ada', 'broken');
select is(
  tests.attempt(
    'service_role',
    format(
      'select public.ingest_order(%s, %L, %L)',
      (select id from private.webhook_events where external_id = 'broken'),
      tests.shop('ada'), tests.order_json('2', '{"total_amount": "-1"}')
    )
  ),
  '23514',
  'an impossible order is refused'
);

select * from finish();
rollback;
