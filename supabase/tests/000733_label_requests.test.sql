-- Requesting a label: once per key, once per unit, and what follows when a worker dies.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.order_to_ship('bob', 'b');

-- A label is requested.
create table tests.first as select tests.request('ada', 'a', 'first', '{"sender": {"city": "Ada''s"}}') as answer;
select is(answer ->> 'outcome', 'requested', 'a label is requested') from tests.first;
select is(
  answer -> 'purchase',
  jsonb_build_object(
    'id', tests.purchase('first'),
    'attempt', 1,
    'state', 'requested',
    'provider', 'easypost',
    'line_item_ids', '["a-1", "a-2", "a-3"]'::jsonb,
    'parcel', '{"weight": "1.5"}'::jsonb,
    'sender', '{"city": "Ada''s"}'::jsonb,
    'service', 'cheapest',
    'label_format', 'PDF',
    'carrier_shipment_id', null,
    'carrier_rate_id', null,
    'quoted_cost', null,
    'currency', null,
    'tiktok_package_id', null,
    'refused_carriers', '["USPS"]'::jsonb,
    'order', (select private.order_to_ship(orders) from public.orders where id = tests.order_id('a')),
    'orders', jsonb_build_array(
      jsonb_build_object(
        'id', tests.order_id('a'), 'tiktok_order_id', 'a', 'combine_group_id', null, 'labelled_elsewhere', '[]'::jsonb,
        'line_item_ids', '["a-1", "a-2", "a-3"]'::jsonb, 'tracking_numbers', '[]'::jsonb
      )
    )
  ),
  'for all units, with everything that buying it needs'
)
from tests.first;
select is(tests.labelled('a'), '1:first 2:first 3:first', 'the units are its own');
select is(
  (select address from private.senders where tiktok_shop_id = tests.shop('ada')), null,
  'a sender is kept for the shop once a carrier took it'
);
select is(tests.requested('ada', 'a', 'second'), 'refused line_items_labelled', 'another key finds no unit that is free');
select is(
  tests.requested('ada', 'a', 'second', '{"line_item_ids": ["a-2"]}'), 'refused line_items_labelled',
  'nor may it take one'
);
select is(tests.label_state('second'), null, 'and leaves no purchase');
select is(tests.labelled('a'), '1:first 2:first 3:first', 'the units are still the first one''s');
select is((select count(*) from public.shipments), 0::bigint, 'a request creates no parcel');
select is(tests.timeline('a'), 'nothing', 'and no timeline entry');

-- The same key again.
create table tests.again as select tests.request('ada', 'a', 'first', '{"sender": {"city": "Ada''s"}}') as answer;
select is(
  answer, jsonb_build_object('outcome', 'in_progress', 'shipment', answer -> 'shipment'),
  'the same key and request: in progress, and nothing to work with'
)
from tests.again;
select is(
  answer -> 'shipment',
  jsonb_build_object(
    'id', tests.purchase('first'), 'order_id', tests.order_id('a'), 'order_ids', jsonb_build_array(tests.order_id('a')),
    'state', 'requested', 'reason', null,
    'provider', 'easypost', 'carrier', null, 'service_type', null, 'tracking_number', null, 'label_url', null,
    'label_expires_at', null, 'label_format', 'PDF', 'shipping_cost', null, 'quoted_cost', null, 'currency', null,
    'line_item_ids', '["a-1", "a-2", "a-3"]'::jsonb, 'estimated_delivery', null, 'status', null,
    'tiktok_notified_at', null, 'tiktok_warning', null, 'tiktok_error', null, 'tiktok_error_code', null,
    'advice', null, 'advice_reason', null, 'advised_at', null, 'created_at', now(), 'updated_at', now()
  ),
  'the label as its seller sees it'
)
from tests.again;
select is(tests.requested('ada', 'a', 'first', '{}', 'another'), 'key_reused', 'the key with another request');
select tests.order_to_ship('ada', 'a2');
select is(tests.requested('ada', 'a2', 'first', '{}', 'another'), 'key_reused', 'the key for another order');
select is(tests.requested('ada', 'a2', 'first'), 'key_reused', 'whatever the hash says');
select is(tests.labelled('a2'), 'none', 'reserves no unit');
select is(tests.label_state('first'), 'requested 1', 'and the purchase is untouched');
select is(tests.requested('bob', 'b', 'first'), 'requested', 'another seller may have the same key');
delete from private.label_purchases where user_id = tests.id('bob');

-- A worker that died.
select tests.age('first', '2 minutes');
select is(tests.requested('ada', 'a', 'first'), 'in_progress', 'for two minutes a worker may be buying it');
select tests.age('first', '121 seconds');
select is(tests.requested('ada', 'a', 'first', '{}', 'another'), 'key_reused', 'later too the request must be the same');
select is(tests.requested('ada', 'a', 'first'), 'requested', 'then it starts again');
select is(tests.label_state('first'), 'requested 2', 'as another attempt');
select is(tests.labelled('a'), '1:first 2:first 3:first', 'with its own units');
select is(tests.requested('ada', 'a', 'first'), 'in_progress', 'which is in progress again');
select is(
  tests.call(format('get_label_purchase(%L)', tests.purchase('first'))) - 'shipment' - 'order' - 'orders' - 'parcel' - 'sender',
  jsonb_build_object(
    'id', tests.purchase('first'), 'attempt', 2, 'state', 'requested', 'provider', 'easypost',
    'line_item_ids', '["a-1", "a-2", "a-3"]'::jsonb, 'service', 'cheapest', 'label_format', 'PDF',
    'carrier_shipment_id', null, 'carrier_rate_id', null, 'quoted_cost', null, 'currency', null,
    'tiktok_package_id', null, 'refused_carriers', '["USPS"]'::jsonb, 'abandoned', false, 'seconds', 0
  ),
  'the worker sees as much'
);
select is(
  tests.call(format('get_label_purchase(%L)', tests.purchase('first'))) -> 'shipment',
  (select answer -> 'shipment' from tests.again), 'and its shipment'
);

-- Starting.
select is(tests.start('first', 1), 'taken_over', 'the worker that was given up for dead may not start');
select is(tests.start('first', 3), 'taken_over', 'nor may one that does not exist yet');
select is(tests.label_state('first'), 'requested 2', 'it is not started');
select is(
  (select row(service, quoted_cost)::text from private.label_purchases where id = tests.purchase('first')),
  '(cheapest,)', 'and nothing was stored'
);
select is(
  tests.start('first', 2, '{"carrier_shipment_id": "shp_first", "carrier_rate_id": "rate_first"}'), 'started',
  'the living one may'
);
select results_eq(
  $$select state, attempt, service, carrier_shipment_id, carrier_rate_id, quoted_cost::text, currency, state_since
    from private.label_purchases where id = tests.purchase('first')$$,
  $$values ('purchasing', 2, 'Priority', 'shp_first', 'rate_first', '7.10', 'USD', now())$$,
  'what will be bought is stored before it is'
);
select is(tests.start('first', 2), 'taken_over', 'once');
select is(tests.requested('ada', 'a', 'first'), 'in_progress', 'it is being bought');
select tests.age('first', '3 minutes');
select is(tests.requested('ada', 'a', 'first'), 'unsettled', 'if the worker dies now, the outcome is unknown');
select is(tests.label_state('first'), 'purchasing 2', 'so it does not start again');
select is(
  tests.request('ada', 'a', 'first') #>> '{purchase,carrier_shipment_id}', 'shp_first',
  'but is looked up at the provider'
);
select is(
  (tests.call(format('get_label_purchase(%L)', tests.purchase('first'))) ->> 'seconds')
    || (tests.call(format('get_label_purchase(%L)', tests.purchase('first'))) ->> 'abandoned'),
  '180true', 'by the inbox''s worker too'
);
select is(tests.call(format('get_label_purchase(%L)', tests.id('no purchase'))), null, 'who finds no other');

-- One carrier shipment, one purchase.
select is(tests.requested('ada', 'a2', 'rival'), 'requested', 'another label');
select is(
  tests.start('rival', 1, '{"carrier_shipment_id": "shp_first"}'), '23505', 'cannot be bought as the same shipment'
);
select is(tests.label_state('rival'), 'requested 1', 'and is not started');

select * from finish();
rollback;
