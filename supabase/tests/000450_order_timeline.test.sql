-- The timeline of an order and its allowed transitions.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

create function tests.order_at(minute integer, status text, changes jsonb default '{}')
returns jsonb
language sql
as $$
  select jsonb_build_object(
    'tiktok_status', upper(status), 'order_status', status,
    'tiktok_updated_at', '2026-11-01T00:00:00Z'::timestamptz + make_interval(mins => minute)
  ) || changes;
$$;
create function tests.state(number text)
returns text
language sql
stable
as $$
  select concat_ws(' ', order_status, payment_status, tiktok_status)
  from public.orders where tiktok_order_id = number;
$$;

-- The table of transitions.
select is((select count(*) from private.order_transitions), 34::bigint, 'the transitions');
select is_empty(
  $$select from private.order_transitions
    where from_status in ('completed', 'cancelled') or from_status = to_status
      or (from_status = 'delivered' and to_status = 'cancelled')$$,
  'what has ended does not go on'
);
select is_empty(
  $$select status from (select from_status from private.order_transitions union select to_status
      from private.order_transitions) as used (status)
    where not exists (
      select from pg_constraint
      where conname = 'orders_order_status_check' and pg_get_constraintdef(oid) ~ ('[{,]' || status || '[,}]')
    )$$,
  'every state of the table is a state of orders'
);
select tests.refused(who, 'select * from private.order_transitions', who || ' does not see the table')
from unnest(array['anon', 'ada']) as who;

-- Forward, and never back.
select is(tests.ingest('ada', '1', tests.order_at(10, 'awaiting_shipment')), 'inserted', 'an order comes in');
select is(tests.ingest('ada', '1', tests.order_at(20, 'in_transit')), 'updated', 'skipping a state');
select is(tests.state('1'), 'in_transit paid IN_TRANSIT', 'moves it forward');
select is(tests.ingest('ada', '1', tests.order_at(15, 'awaiting_collection')), 'stale', 'a late event');
select is(tests.state('1'), 'in_transit paid IN_TRANSIT', 'changes nothing');
select is(
  tests.ingest('ada', '1', tests.order_at(20, 'awaiting_collection')), 'updated', 'an event of the same second'
);
select is(tests.state('1'), 'in_transit paid AWAITING_COLLECTION', 'does not move it back');
select is(tests.ingest('ada', '1', tests.order_at(30, 'delivered')), 'updated', 'the parcel arrives');
select is(
  tests.ingest('ada', '1', tests.order_at(40, 'cancelled', '{"payment_status": "refunded"}')), 'updated',
  'what was delivered'
);
select is(tests.state('1'), 'delivered refunded CANCELLED', 'is not cancelled; but the money went back');
select is(
  tests.ingest('ada', '1', tests.order_at(50, 'completed')), 'updated', 'and the order is completed'
);
select is(tests.state('1'), 'completed refunded COMPLETED', 'the refund is not undone');
select is(tests.ingest('ada', '2', tests.order_at(1, 'partially_shipped', '{"tiktok_status": "PARTIALLY_SHIPPING"}')), 'inserted', 'a split order');
select is(
  tests.ingest('ada', '2', tests.order_at(2, 'awaiting_shipment')), 'updated', 'whose split is taken back'
);
select is(tests.state('2'), 'awaiting_shipment paid AWAITING_SHIPMENT', 'awaits its shipment again');

-- The timeline.
create function tests.timeline(number text)
returns table (changes text)
language sql
stable
as $$
  select order_events.changes::text
  from public.order_events join public.orders on orders.id = order_id
  where tiktok_order_id = number order by order_events.id;
$$;
select results_eq(
  $$select * from tests.timeline('1')$$,
  $$values
    ('{"order_status": {"to": "awaiting_shipment", "from": null}, "total_amount": {"to": "12.50", "from": null}, "tiktok_status": {"to": "AWAITING_SHIPMENT", "from": null}, "payment_status": {"to": "paid", "from": null}}'),
    ('{"order_status": {"to": "in_transit", "from": "awaiting_shipment"}, "tiktok_status": {"to": "IN_TRANSIT", "from": "AWAITING_SHIPMENT"}}'),
    ('{"refused": "awaiting_collection", "tiktok_status": {"to": "AWAITING_COLLECTION", "from": "IN_TRANSIT"}}'),
    ('{"order_status": {"to": "delivered", "from": "in_transit"}, "tiktok_status": {"to": "DELIVERED", "from": "AWAITING_COLLECTION"}}'),
    ('{"refused": "cancelled", "tiktok_status": {"to": "CANCELLED", "from": "DELIVERED"}, "payment_status": {"to": "refunded", "from": "paid"}}'),
    ('{"order_status": {"to": "completed", "from": "delivered"}, "tiktok_status": {"to": "COMPLETED", "from": "CANCELLED"}}')$$,
  'what changed, in order'
);
select is(
  (select count(distinct webhook_event_id) from public.order_events), 8::bigint, 'each by its own event'
);
select is(tests.ingest('ada', '2', tests.order_at(2, 'awaiting_shipment')), 'updated', 'the same state again');
select is(
  (select count(*) from public.order_events where order_id = (select id from public.orders where tiktok_order_id = '2')),
  2::bigint,
  'changes nothing'
);
select is(
  tests.ingest('ada', '2', tests.order_at(3, 'awaiting_shipment', '{"address_status": "readable", "shipping_address": {"city": "Portland"}}')),
  'updated', 'an address'
);
select is(
  (select changes from public.order_events order by id desc limit 1), '{"shipping_address": "changed"}',
  'is not repeated in the timeline'
);

-- Notices.
create function tests.notice(number text, notice jsonb, minute integer)
returns text
language sql
as $$
  select tests.run_as('service_role', format(
    'select public.ingest_order(%L, %L, %L, %L) ->> ''outcome''',
    tests.receive_event('ada', gen_random_uuid()::text), tests.shop('ada'),
    tests.order_json(number, tests.order_at(minute, 'awaiting_shipment')), notice
  ));
$$;
select is(tests.notice('2', '{"cancel_status": "CANCELLATION_REQUEST_PENDING"}', 3), 'updated', 'a request');
select is(
  (select changes from public.order_events order by id desc limit 1),
  '{"cancel_status": "CANCELLATION_REQUEST_PENDING"}',
  'is added to the timeline, though the order did not change'
);
select is(tests.notice('2', '{"refund_total": "2.50"}', 3), 'updated', 'a part of the money goes back');
select is(tests.state('2'), 'awaiting_shipment partially_refunded AWAITING_SHIPMENT', 'partially refunded');
select is(tests.notice('2', '{"refund_total": "10.00"}', 3), 'updated', 'and then the rest');
select is(tests.state('2'), 'awaiting_shipment refunded AWAITING_SHIPMENT', 'refunded');

-- A replay repeats no timeline entry.
select is(tests.ingest('ada', '3', tests.order_at(1, 'awaiting_shipment')), 'inserted', 'another order');
create table tests.refund as select tests.receive_event('ada', 'refund') as id;
create function tests.replay()
returns text
language sql
as $$
  update private.webhook_events set status = 'pending' where id = (select id from tests.refund);
  select tests.run_as('service_role', format(
    'select public.ingest_order(%L, %L, %L, ''{"refund_total": "9.00"}'') ->> ''outcome''',
    (select id from tests.refund), tests.shop('ada'),
    tests.order_json('3', tests.order_at(1, 'awaiting_shipment'))
  ));
$$;
select is(tests.replay() || tests.replay(), 'updatedupdated', 'whose refund is replayed');
select is(tests.state('3'), 'awaiting_shipment partially_refunded AWAITING_SHIPMENT', 'is refunded once');

-- Two notices of one refund count once, also after the inbox has forgotten the first.
select is(tests.ingest('ada', '4', tests.order_at(1, 'awaiting_shipment')), 'inserted', 'a paid order');
create function tests.refunded(number text)
returns numeric
language sql
stable
as $$
  select sum((changes ->> 'refund_total')::numeric)
  from public.order_events
  join public.orders on orders.id = order_events.order_id
  where tiktok_order_id = number;
$$;
select is(tests.notice('4', '{"refund_id": "r-1", "refund_total": "5.00"}', 2), 'updated', 'a refund');
delete from private.webhook_events;
select is(tests.notice('4', '{"refund_id": "r-1", "refund_total": "5.00"}', 2), 'updated', 'reported twice');
select is(tests.state('4'), 'awaiting_shipment partially_refunded AWAITING_SHIPMENT', 'counts once');
select is(tests.refunded('4'), 5.00, 'in the timeline too');
select is(tests.notice('4', '{"refund_id": "r-1", "refund_total": "6.00"}', 2), 'updated', 'a corrected amount');
select is(tests.refunded('4'), 6.00, 'adds the difference');
select is(tests.notice('4', '{"refund_id": "r-1", "refund_total": "1.00"}', 2), 'updated', 'a smaller one');
select is(tests.refunded('4'), 6.00, 'adds nothing');
select is(tests.notice('4', '{"refund_id": "r-2", "refund_total": "6.50"}', 2), 'updated', 'another refund');
select is(tests.state('4'), 'awaiting_shipment refunded AWAITING_SHIPMENT', 'adds up with the first');

-- Privileges.
select tests.reaches('bob', 0, 'select * from public.order_events', 'another seller sees nothing');
select tests.refused('anon', 'select * from public.order_events', 'anon neither');
select cmp_ok(tests.attempt('ada', 'select * from public.order_events')::integer, '>', 8, 'its seller does');
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'insert into public.order_events (order_id, user_id, event_type, happened_at) select id, user_id, ''x'', now() from public.orders',
  'update public.order_events set changes = ''{}''',
  'delete from public.order_events'
]) as statement;

-- Many at once, each with its own outcome.
create table tests.batch as select tests.run_as('service_role', format(
  'select public.ingest_orders(%L, %L)', tests.shop('bob'),
  (
    select jsonb_agg(jsonb_build_object(
      'event_id', tests.receive_event('bob', 'batch ' || n),
      'order', tests.order_json('b' || least(n, 11), case when n = 3 then '{"currency": "?"}'::jsonb else '{}' end)
    ))
    from generate_series(1, 13) as n
  )
))::jsonb -> 'outcomes' as outcomes;
select is(
  (
    select string_agg(entry ->> 'outcome', ' ' order by (entry ->> 'event_id')::bigint)
    from tests.batch, jsonb_array_elements(outcomes) as entry
  ),
  'inserted inserted failed inserted inserted inserted inserted inserted inserted inserted inserted updated updated',
  'a bad order stops no other, and two events of one order make one'
);
select is(
  (select string_agg(status, ' ' order by id) from private.webhook_events where external_id in ('batch 3', 'batch 4')),
  'pending done', 'what failed is left as it was'
);
select is(
  tests.run_as('service_role', format('select private.monthly_order_count(%L)', tests.id('bob'))), '10',
  'each order counted once'
);

-- Usage.
select is(tests.ingest('bob', 'more'), 'held', 'one more is held');
select is(tests.ingest('bob', 'more', tests.order_at(60, 'in_transit')), 'held', 'also when it changes');
select is(
  tests.run_as('bob', 'select public.get_usage() - array[''month_ends_at'', ''shops'', ''labels'']'),
  '{"held": 1, "used": 10, "limit": 10, "not_counted": 0, "held_ship_by": null, "held_to_ship": 0}',
  'the seller sees what is used, allowed and held'
);
select is(
  (tests.run_as('ada', 'select public.get_usage()')::jsonb -> 'held')::text, '0', 'and no other seller''s'
);
select is(
  (tests.run_as('bob', 'select public.get_usage() ->> ''month_ends_at'''))::timestamptz,
  (private.current_month() + interval '1 month')::timestamp at time zone 'UTC',
  'and until when'
);
select tests.refused('anon', 'select public.get_usage()', 'anon has no usage');

select * from finish();
rollback;
