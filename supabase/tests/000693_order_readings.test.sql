-- TikTok takes a shipment back: the order has to be shipped again.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');

create function tests.order_becomes(minute integer, status text)
returns text
language sql
as $$
  select tests.ingest('ada', '1', jsonb_build_object(
    'tiktok_status', status,
    'order_status', case status when 'PARTIALLY_SHIPPING' then 'partially_shipped' else lower(status) end,
    'shipping_type', 'SELLER',
    'address_status', 'readable',
    'tiktok_updated_at', '2026-11-01T00:00:00Z'::timestamptz + make_interval(mins => minute)
  ));
  select order_status || coalesce(' ' || private.label_refusal(orders, 'easypost'), '')
  from public.orders where tiktok_order_id = '1';
$$;

select is(
  tests.order_becomes(1, 'AWAITING_COLLECTION'), 'awaiting_collection already_shipped',
  'an order whose labels were bought in Seller Center'
);
select is(tests.order_becomes(2, 'PARTIALLY_SHIPPING'), 'partially_shipped', 'where one of them is cancelled');
select is(tests.order_becomes(3, 'AWAITING_COLLECTION'), 'awaiting_collection already_shipped', 'and bought again');
select is(tests.order_becomes(4, 'AWAITING_SHIPMENT'), 'awaiting_shipment', 'and all are cancelled, has to be shipped');
select is(
  (select changes from public.order_events order by id desc limit 1),
  '{
    "order_status": {"from": "awaiting_collection", "to": "awaiting_shipment"},
    "tiktok_status": {"from": "AWAITING_COLLECTION", "to": "AWAITING_SHIPMENT"}
  }',
  'the timeline says so'
);
select is(tests.order_becomes(5, 'IN_TRANSIT'), 'in_transit already_shipped', 'one that the carrier has collected');
select is(tests.order_becomes(6, 'AWAITING_SHIPMENT'), 'in_transit already_shipped', 'is not taken back');

-- A label that was bought here and that TikTok does not know yet.
select tests.order_to_ship('ada', '2', '{"tiktok_updated_at": "2026-11-01T00:00:00Z"}');
select tests.buy('ada', '2', 'label', '{"line_item_ids": ["2-1"]}');
select is(tests.order_state('2'), 'partially_shipped AWAITING_SHIPMENT', 'an order of which one unit has a label');
select is(tests.ingest('ada', '2', '{"tiktok_updated_at": "2030-01-01T00:00:00Z"}'), 'updated', 'which changes at TikTok');
select is(tests.order_state('2'), 'partially_shipped AWAITING_SHIPMENT', 'is shipped in part as before');

select tests.refused(who, 'select private.is_taken_back(null, null)', who || ' cannot call is_taken_back')
from unnest(array['anon', 'ada']) as who;

select * from finish();
rollback;
