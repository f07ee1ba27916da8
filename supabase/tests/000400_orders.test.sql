-- Orders as sellers see them.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.add_order('ada', '1');
select tests.add_order('bob', '2');

-- Reading.
select tests.refused('anon', 'select id from public.orders', 'anon cannot read orders');
select tests.reaches('ada', 1, 'select * from public.orders', 'a seller reads their own orders');
select is(tests.run_as('ada', 'select tiktok_order_id from public.orders'), '1', 'and no others');
select tests.reaches(
  'bob', 0, 'select id from public.orders where tiktok_order_id = ''1''', 'another seller does not find it'
);
select tests.reaches(
  'service_role', 2,
  format('select * from public.orders where user_id in (%L, %L)', tests.id('ada'), tests.id('bob')),
  'the backend reads all'
);

-- Writing: only the backend.
select tests.refused(who, statement, who || ' cannot: ' || regexp_replace(statement, '\s.*values', ' ... values'))
from unnest(array['anon', 'ada', 'bob']) as who
cross join unnest(array[
  tests.order_insert('ada', '3'),
  'update public.orders set total_amount = 0',
  'update public.orders set user_id = auth.uid()',
  'update public.orders set created_at = ''2020-01-01''',
  'delete from public.orders'
]) as statement;
select tests.reaches('service_role', 1, tests.order_insert('ada', '3'), 'the backend inserts an order');
select tests.reaches(
  'service_role', 1,
  'update public.orders set payment_status = ''paid'' where tiktok_order_id = ''1'' returning id',
  'the backend updates an order'
);
select tests.refused('service_role', 'delete from public.orders', 'not even the backend deletes an order');

-- Checks.
select throws_like(
  format('update public.orders set %I = %L where tiktok_order_id = ''1''', column_name, value),
  '%orders_' || column_name || '_check%',
  format('%s is not %L', column_name, value)
)
from (
  values
    ('order_status', 'AWAITING_SHIPMENT'),
    ('order_status', ''),
    ('payment_status', 'free'),
    ('currency', 'usd'),
    ('currency', 'DOLLAR'),
    ('total_amount', '-0.01'),
    ('shipping_cost', '-0.01'),
    ('shipping_address', '[]'),
    ('shipping_address', '"text"'),
    ('address_status', 'unknown'),
    ('order_items', '{}')
) as wrong (column_name, value);
select lives_ok(
  format('update public.orders set order_status = %L where tiktok_order_id = ''1''', value),
  'order_status may be ' || value
)
from unnest(array[
  'received', 'on_hold', 'awaiting_shipment', 'partially_shipped', 'awaiting_collection',
  'in_transit', 'delivered', 'completed', 'cancelled'
]) as value;
select throws_like(
  tests.order_insert('ada', '1'),
  '%orders_tiktok_shop_id_tiktok_order_id_key%',
  'an order is stored once'
);
select lives_ok(tests.order_insert('bob', '1'), 'another shop may have an order of the same number');
update public.orders set total_amount = 159000000.10 where tiktok_order_id = '2';
select is(
  (select total_amount::text from public.orders where tiktok_order_id = '2'),
  '159000000.10',
  'a large amount is exact'
);
select throws_ok(
  format(
    'update public.orders set tiktok_shop_id = gen_random_uuid() where user_id = %L', tests.id('ada')
  ),
  '23503', null,
  'an order is of a shop'
);

-- Triggers.
update public.orders set updated_at = '2020-01-01';
select is_empty(
  'select id from public.orders where updated_at is distinct from now()',
  'updated_at is the database''s to say'
);
delete from public.analytics_events;
select tests.add_order('ada', '4');
select results_eq(
  'select user_id, event_type, properties from public.analytics_events',
  $$select tests.id('ada'), 'order_received', jsonb_build_object('order_id', id)
    from public.orders where tiktok_order_id = '4'$$,
  'an order that came in is recorded for its seller'
);
update public.orders set order_status = 'delivered' where tiktok_order_id = '4';
select is(
  (select count(*) from public.analytics_events), 1::bigint, 'a change is not recorded as a new order'
);
delete from public.tiktok_shops where id = tests.shop('ada');
select is_empty(
  format('select id from public.orders where user_id = %L', tests.id('ada')),
  'with a shop go its orders'
);

select * from finish();
rollback;
