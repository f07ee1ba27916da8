-- Orders that come together: the new ones are stored together, the others one by one.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
update public.plans set monthly_order_limit = 5 where name = 'trial';
select is(private.spare_places(), 1000, 'the counters are locked last while so many places are free');
create or replace function private.spare_places() returns integer language plpgsql immutable set search_path = '' as $$
begin
  return 0;
end;
$$;

create function tests.ingest_all(items jsonb)
returns text
language sql
as $$
  select string_agg(outcome ->> 'outcome', ' ' order by (outcome ->> 'event_id')::bigint)
  from tests.call(format('ingest_orders(%L, %L)', tests.shop('ada'), items)) as answer,
    jsonb_array_elements(answer -> 'outcomes') as outcome;
$$;
create function tests.counted()
returns text
language sql
as $$
  select concat_ws(
    ' ',
    (select orders || '/' || not_counted from private.monthly_order_counts where user_id = tests.id('ada')),
    (select max(orders) from private.monthly_shop_counts),
    (select count(*) from public.orders)
  );
$$;
comment on function tests.counted() is 'Counter of the seller, counter of the shop, stored orders.';

create function tests.first_changes(order_status text, payment_status text)
returns jsonb
language sql
as $$
  select jsonb_build_object(
    'order_status', jsonb_build_object('from', null, 'to', order_status),
    'payment_status', jsonb_build_object('from', null, 'to', payment_status),
    'tiktok_status', jsonb_build_object('from', null, 'to', 'AWAITING_SHIPMENT'),
    'total_amount', jsonb_build_object('from', null, 'to', '12.50')
  );
$$;

-- New ones.
create table tests.items as
select tests.order_item('1', '{"combine_group_id": "g"}') as item
union all select tests.order_item('2', '{"order_status": "cancelled", "payment_status": "cancelled", "cancelled_by": "BUYER"}')
union all select tests.order_item('3', '{}', '{"return_status": "x"}');
select is(
  tests.ingest_all((select jsonb_agg(item) from tests.items)), 'inserted inserted inserted', 'new orders are stored'
);
select is(tests.counted(), '2/1 2 3', 'and counted, but for one that was cancelled before payment');
select results_eq(
  $$select status, object_id from private.webhook_events order by id$$,
  $$values ('done', '1'), ('done', '2'), ('done', '3')$$,
  'their events are settled'
);
select results_eq(
  $$select tiktok_order_id, event_type, changes, happened_at < now()
    from public.order_events join public.orders on orders.id = order_id order by 1$$,
  $$values
    ('1', 'ORDER_STATUS_CHANGE', tests.first_changes('awaiting_shipment', 'paid')
      || '{"combine_group_id": {"from": null, "to": "g"}}', true),
    ('2', 'ORDER_STATUS_CHANGE', tests.first_changes('cancelled', 'cancelled') || '{"cancelled_by": "BUYER"}', true),
    ('3', 'ORDER_STATUS_CHANGE', tests.first_changes('awaiting_shipment', 'paid') || '{"return_status": "x"}', false)$$,
  'each has its entry in the timeline, with the facts of its event'
);
select is(
  (select count(*) from public.analytics_events where event_type = 'order_received'), 3::bigint,
  'and its event of the statistics'
);

-- Further events of an order in the batch, and one that stands there twice.
create table tests.twice as select tests.order_item('6') as item;
select is(
  tests.ingest_all(jsonb_build_array(
    tests.order_item('4'), tests.order_item('4'), tests.order_item('4', '{"tiktok_updated_at": "2026-10-01T00:00:00Z"}'), tests.order_item('1')
  )),
  'inserted updated stale updated', 'an order is inserted once; the other events are updates'
);
select is(
  tests.ingest_all((select jsonb_build_array(item, item) from tests.twice)), 'inserted settled',
  'an event that is named twice is applied once'
);
select is(tests.counted(), '4/1 4 5', 'each order counts once');
select is(
  tests.ingest_all((select jsonb_build_array(item, tests.order_item('5')) from tests.twice)), 'settled inserted',
  'a settled event stops no other'
);
select is(tests.counted(), '5/1 5 6', 'the new order counts');

-- The limit is checked again where the counters are locked last.
select is(
  tests.attempt('service_role', format(
    'select private.count_orders(shop, 1, 0, 5) from public.tiktok_shops as shop where id = %L', tests.shop('ada')
  )),
  '40001', 'places that others used up meanwhile are not used twice'
);
select is(tests.counted(), '5/1 5 6', 'nothing is counted then');

-- Errors: each order that can be stored is.
update public.plans set monthly_order_limit = 8 where name = 'trial';
select is(
  tests.ingest_all(jsonb_build_array(tests.order_item('7'), tests.order_item('8', '{"total_amount": "-1"}'), tests.order_item('9'))),
  'inserted failed inserted', 'an order that cannot be stored stops no other'
);
select is(tests.counted(), '7/1 7 8', 'and does not count');
select is_empty($$select from public.orders where tiktok_order_id = '8'$$, 'nor is it stored');

-- Too few places for all.
select is(
  tests.ingest_all(jsonb_build_array(
    tests.order_item('10', '{"ship_by": "2026-12-03T00:00:00Z"}'), tests.order_item('11', '{"ship_by": "2026-12-02T00:00:00Z"}')
  )),
  'held inserted', 'the most urgent gets the last place'
);
select is(tests.counted(), '8/1 8 9', 'the limit holds');
select is(
  tests.ingest_all(jsonb_build_array(tests.order_item('12', '{"fulfillment_type": "FULFILLMENT_BY_TIKTOK"}'))), 'inserted',
  'an order that does not count needs none'
);
update public.plans set monthly_order_limit = 10 where name = 'trial';
select is(
  tests.ingest_all(jsonb_build_array(tests.order_item('13', '{"ship_by": "2026-12-04T00:00:00Z"}'))), 'inserted',
  'with two places there is one besides the order that waits'
);
select is(
  tests.ingest_all(jsonb_build_array(tests.order_item('14', '{"ship_by": "2026-12-04T00:00:00Z"}'))), 'held',
  'the other is kept for it'
);

-- The shop has fewer places than the seller.
delete from private.held_orders;
update public.plans set monthly_order_limit = 20 where name = 'trial';
update private.monthly_shop_counts set orders = 19;
select is(tests.ingest_all(jsonb_build_array(tests.order_item('15'), tests.order_item('16'))), 'inserted held', 'the limit of the shop holds');

-- Orders that a search found keep their places until they are read.
delete from private.held_orders;
update private.monthly_shop_counts set orders = 10;
update private.monthly_order_counts set orders = 10;
insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
select 'creatorflow', 'ORDER_FOUND:' || n, 'ORDER_FOUND', tests.shop_id('ada'), n::text, '{}' from generate_series(101, 109) as n;
select is(
  tests.ingest_all(jsonb_build_array(tests.order_item('17'), tests.order_item('18'))), 'inserted held',
  'nine undecided orders leave one of ten places'
);

-- A refund of a new order, and other events of new orders.
update public.plans set monthly_order_limit = 100 where name = 'trial';
delete from private.held_orders;
insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body, status, reason)
select 'tiktok', 'old ' || topic || id, topic, tests.shop_id('ada'), id, '{}', state, 'x'
from (values ('20', 'dead'), ('21', 'held'), ('other', 'dead')) as old (id, state),
  unnest(array['ORDER_STATUS_CHANGE', 'CANCELLATION_STATUS_CHANGE']) as topic;
select is(
  tests.ingest_all(jsonb_build_array(
    tests.order_item('19', '{}', '{"refund_id": "r", "refund_total": "2.50"}'), tests.order_item('20'), tests.order_item('21')
  )),
  'inserted inserted inserted', 'a refund of a new order'
);
select is(
  (select payment_status from public.orders where tiktok_order_id = '19'), 'partially_refunded', 'is applied'
);
select set_eq(
  $$select object_id, event_type, status from private.webhook_events where external_id like 'old %'$$,
  $$values
    ('20', 'ORDER_STATUS_CHANGE', 'ignored'), ('20', 'CANCELLATION_STATUS_CHANGE', 'dead'),
    ('21', 'ORDER_STATUS_CHANGE', 'pending'), ('21', 'CANCELLATION_STATUS_CHANGE', 'pending'),
    ('other', 'ORDER_STATUS_CHANGE', 'dead'), ('other', 'CANCELLATION_STATUS_CHANGE', 'dead')$$,
  'events that only wanted the order read are settled, held ones are due, others stay'
);
select is(tests.ingest_all(jsonb_build_array(tests.order_item('22'))), 'inserted', 'alone too');

select * from finish();
rollback;
