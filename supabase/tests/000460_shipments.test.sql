-- Parcels as sellers see them.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.add_order('ada', '1');
select tests.add_order('bob', '2');
insert into public.shipments (order_id, carrier, service_type)
select id, 'USPS', 'of order ' || tiktok_order_id from public.orders;

create function tests.shipment_insert(tiktok_order_id text, status text default 'created')
returns text
language sql
stable
as $$
  select format(
    'insert into public.shipments (order_id, carrier, service_type, status) values (%L, ''UPS'', ''Ground'', %L)',
    id, status
  )
  from public.orders
  where orders.tiktok_order_id = shipment_insert.tiktok_order_id;
$$;

-- Reading.
select tests.refused('anon', 'select id from public.shipments', 'anon cannot read shipments');
select tests.reaches('ada', 1, 'select * from public.shipments', 'a seller reads the shipments of their orders');
select is(tests.run_as('ada', 'select service_type from public.shipments'), 'of order 1', 'and no others');
select tests.reaches(
  'bob', 0, 'select id from public.shipments where service_type = ''of order 1''',
  'another seller does not find it'
);
select tests.reaches('service_role', 2, 'select * from public.shipments where service_type like ''of order %''', 'the backend reads all');

-- The orders in a parcel.
select is(
  (select count(*) from public.shipment_orders join public.shipments using (order_id) where shipments.id = shipment_id), 2::bigint,
  'each shipment has its order in shipment_orders too'
);
select tests.refused('anon', 'select * from public.shipment_orders', 'anon cannot read the orders in a parcel');
select tests.reaches('ada', 1, 'select * from public.shipment_orders', 'a seller reads those of their own parcels');
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'insert into public.shipment_orders (shipment_id, order_id) select id, order_id from public.shipments',
  'update public.shipment_orders set order_id = order_id',
  'delete from public.shipment_orders',
  'select private.add_shipment_order()',
  'select private.set_owner_of_order()'
]) as statement;

select set_eq(
  'select user_id from public.shipments where service_type = ''of order 1''', array[tests.id('ada')],
  'a parcel has the seller of its order'
);
update public.shipments set user_id = tests.id('bob') where service_type = 'of order 1';
update public.shipment_orders set user_id = tests.id('bob');
select is_empty(
  'select from public.shipments join public.orders on orders.id = order_id where shipments.user_id <> orders.user_id
   union all
   select from public.shipment_orders as parcel join public.orders on orders.id = order_id where parcel.user_id <> orders.user_id',
  'and no other, even if one is written'
);

-- Writing: only the backend.
select tests.refused(who, statement, who || ' cannot: ' || regexp_replace(statement, '\(''.*?,', '(...'))
from unnest(array['anon', 'ada', 'bob']) as who
cross join unnest(array[
  tests.shipment_insert('1'),
  'update public.shipments set label_url = ''https://example.com''',
  'delete from public.shipments'
]) as statement;
select tests.reaches('service_role', 1, tests.shipment_insert('1'), 'the backend inserts a shipment');
select tests.reaches(
  'service_role', 1,
  'update public.shipments set tracking_number = ''1Z'' where service_type = ''of order 1'' returning id',
  'the backend updates a shipment'
);
select tests.refused('service_role', 'delete from public.shipments', 'not even the backend deletes a shipment');

-- Checks.
select lives_ok(tests.shipment_insert('1', status), 'a shipment may be ' || status)
from unnest(array[
  'created', 'purchased', 'in_transit', 'out_for_delivery', 'delivered', 'returned', 'failed', 'voided'
]) as status;
select throws_like(
  tests.shipment_insert('1', status), '%shipments_status_check%', format('a shipment is not %L', status)
)
from unnest(array['', 'lost', 'CREATED']) as status;
select throws_like(
  'update public.shipments set shipping_cost = -1', '%shipments_shipping_cost_check%', 'a label costs something'
);
select throws_ok(
  'insert into public.shipments (order_id, carrier, service_type) values (gen_random_uuid(), ''UPS'', ''Ground'')',
  '23503', null,
  'a shipment is of an order'
);

-- Triggers.
delete from public.shipments where service_type = 'Ground';
update public.shipments set updated_at = '2020-01-01';
select is_empty(
  'select id from public.shipments where updated_at is distinct from now()',
  'updated_at is the database''s to say'
);
delete from public.analytics_events;
update public.shipments set status = 'in_transit' where service_type = 'of order 1';
select is_empty('select * from public.analytics_events', 'not every status is a bought label');
update public.shipments set status = 'purchased' where service_type = 'of order 1';
update public.shipments set status = 'purchased' where service_type = 'of order 1';
create function tests.label_event(shipment_type text)
returns text
language sql
as $$
  select format(
    'select %L::uuid, ''label_bought'', jsonb_build_object(''order_id'', order_id, ''shipment_id'', id)
     from public.shipments where service_type = %L',
    tests.id('ada'), shipment_type
  );
$$;
select results_eq(
  'select user_id, event_type, properties from public.analytics_events',
  tests.label_event('of order 1'),
  'a bought label is recorded once, for the order''s seller'
);
delete from public.analytics_events;
do $$ begin execute tests.shipment_insert('1', 'purchased'); end $$;
select results_eq(
  'select user_id, event_type, properties from public.analytics_events',
  tests.label_event('Ground'),
  'also where the shipment begins with it'
);
delete from public.orders where tiktok_order_id = '1';
select results_eq(
  'select service_type from public.shipments', $$values ('of order 2')$$, 'with an order go its shipments'
);

select * from finish();
rollback;
