-- Labels that were bought.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

-- Bought.
delete from public.analytics_events;
select tests.receive_event('ada', 'bought by');
select tests.order_to_ship('ada', 'c');
update private.label_limits set daily_label_cents = 900000000000000000, monthly_label_cents = 900000000000000000;
select tests.requested('ada', 'c', 'c1');
select tests.start('c1', 1, '{"quoted_cost": "123456789012.34"}');
create table tests.bought as
select tests.finish_label(
  'c1',
  '{"carrier": "UPS", "service_type": "Next Day", "tracking_number": "1Z", "label_url": "https://labels.example/1",
    "label_expires_at": "2027-01-01T00:00:00Z", "label_format": "ZPL", "shipping_cost": "999999999999.99",
    "currency": "CAD", "estimated_delivery": "2026-12-24", "tiktok_package_id": null}',
  (select id from private.webhook_events where external_id = 'bought by')
) as answer;
select results_eq(
  $$select id, order_id, provider, carrier, service_type, tracking_number, label_url, label_expires_at, label_format,
      shipping_cost::text, quoted_cost::text, currency, line_item_ids, estimated_delivery, status, tracked_at,
      tracking_updated_at, tiktok_package_id, tiktok_notified_at, tiktok_warning, tiktok_error
    from public.shipments where order_id = tests.order_id('c')$$,
  $$values (
      tests.purchase('c1'), tests.order_id('c'), 'easypost', 'UPS', 'Next Day', '1Z', 'https://labels.example/1',
      '2027-01-01T00:00:00Z'::timestamptz, 'ZPL', '999999999999.99', '123456789012.34', 'CAD',
      '{c-1,c-2,c-3}'::text[], '2026-12-24'::date, 'purchased', now(), null::timestamptz, null::text,
      null::timestamptz, null::text, null::text
    )$$,
  'a bought label is a parcel with all that is known of it, its money exact'
);
select is(
  answer,
  jsonb_build_object(
    'id', tests.purchase('c1'), 'order_id', tests.order_id('c'), 'order_ids', jsonb_build_array(tests.order_id('c')),
    'state', 'purchased', 'reason', null,
    'provider', 'easypost', 'carrier', 'UPS', 'service_type', 'Next Day', 'tracking_number', '1Z',
    'label_url', 'https://labels.example/1', 'label_expires_at', timestamptz '2027-01-01T00:00:00Z',
    'label_format', 'ZPL', 'shipping_cost', '999999999999.99', 'quoted_cost', '123456789012.34', 'currency', 'CAD',
    'line_item_ids', '["c-1", "c-2", "c-3"]'::jsonb, 'estimated_delivery', '2026-12-24', 'status', 'purchased',
    'tiktok_notified_at', null, 'tiktok_warning', null, 'tiktok_error', null, 'tiktok_error_code', null,
    'advice', null, 'advice_reason', null, 'advised_at', null, 'created_at', now(), 'updated_at', now()
  ),
  'as its seller sees it, money in decimal strings'
)
from tests.bought;
select is(tests.event_status('bought by'), 'done', 'the event that bought it is settled');
select is(tests.label_state('c1'), 'purchased 1', 'the purchase is done');
select is(tests.order_state('c'), 'awaiting_collection AWAITING_SHIPMENT', 'all units have a label: the order waits for the carrier');
select is(tests.timeline('c'), 'LABEL_PURCHASED awaiting_collection', 'the timeline has it');
select results_eq(
  $$select user_id, changes, webhook_event_id, happened_at from public.order_events where order_id = tests.order_id('c')$$,
  $$values (
      tests.id('ada'),
      jsonb_build_object(
        'shipment_id', tests.purchase('c1'), 'carrier', 'UPS',
        'order_status', '{"from": "awaiting_shipment", "to": "awaiting_collection"}'::jsonb
      ),
      null::bigint, now()
    )$$,
  'with the parcel, and what became of the order'
);
select results_eq(
  'select user_id, event_type, properties from public.analytics_events where event_type = ''label_bought''',
  $$values (
      tests.id('ada'), 'label_bought',
      jsonb_build_object('order_id', tests.order_id('c'), 'shipment_id', tests.purchase('c1'))
    )$$,
  'the statistics have it once'
);
select results_eq(
  $$select event_type, shop_id, status, external_id, body from private.webhook_events
    where source = 'creatorflow' and object_id = tests.purchase('c1')::text$$,
  $$values (
      'MARK_SHIPPED', tests.shop_id('ada'), 'pending', 'MARK_SHIPPED:' || tests.purchase('c1') || ':purchased', '{}'
    )$$,
  'TikTok will be notified'
);

-- Finishing twice changes nothing.
select is(
  tests.finish_label('c1', '{"carrier": "FedEx", "tracking_number": "other", "shipping_cost": "1.00"}'),
  (select answer from tests.bought), 'finishing twice gives the same answer'
);
select is(
  (select row(count(*), min(carrier), min(shipping_cost))::text from public.shipments where order_id = tests.order_id('c')),
  '(1,UPS,999999999999.99)', 'one parcel, as it was'
);
select is(
  (select count(*) from public.analytics_events where event_type = 'label_bought')
    + (select count(*) from public.order_events where order_id = tests.order_id('c')),
  2::numeric::bigint, 'no further timeline entry, no further statistics'
);
select is(tests.tasks('c1'), 'MARK_SHIPPED', 'and no more to do');
select is(tests.requested('ada', 'c', 'c1'), 'exists', 'asking again finds it');
select is(tests.request('ada', 'c', 'c1') -> 'shipment', (select answer from tests.bought), 'as it is');
select is(tests.requested('ada', 'c', 'c1', '{}', 'another'), 'key_reused', 'for the same request only');
select is(tests.fail('c1', 1) ->> 'state', 'purchased', 'what was bought does not fail');
select is(tests.mark_unknown('c1', 1) ->> 'state', 'purchased', 'and does not become unknown');
select is(tests.start('c1', 1), 'taken_over', 'nor bought again');
select is(tests.labelled('c'), '1:c1 2:c1 3:c1', 'its units keep their label');
select is(tests.parcel('c1'), 'purchased', 'and the parcel stays');
select is(
  tests.call(format('finish_label_purchase(%L, ''{}'')', tests.id('no purchase'))), '"PT404"',
  'an unknown purchase cannot be finished'
);

-- A label for a part of an order, and a TikTok label.
select tests.order_to_ship('ada', 'd', '{"shipping_type": "TIKTOK"}');
select is(tests.requested('ada', 'd', 'd1', '{"line_item_ids": ["d-2"]}'), 'requested', 'a label for one unit');
select is(tests.requested('ada', 'd', 'd2'), 'requested', 'and one for the others');
select is(tests.labelled('d'), '1:d2 2:d1 3:d2', 'each has its own units');
select tests.start('d1');
create table tests.part as select tests.finish_label('d1', '{"tiktok_package_id": "pkg", "shipping_cost": "0.1"}');
select is(tests.order_state('d'), 'partially_shipped AWAITING_SHIPMENT', 'a part of the order has its label');
select results_eq(
  $$select provider, label_format, currency, shipping_cost::text, quoted_cost::text, tiktok_package_id, tiktok_notified_at,
      line_item_ids
    from public.shipments where id = tests.purchase('d1')$$,
  $$values ('tiktok_shipping', 'PDF', 'USD', '0.10', '7.10', 'pkg', now(), '{d-2}'::text[])$$,
  'facts that the provider does not report are taken from the request; TikTok knows its own label'
);
select is(tests.tasks('d1'), 'FETCH_LABEL', 'which is to be fetched');
select is(
  tests.call(format('get_label_purchase(%L)', tests.purchase('d1'))) ->> 'tiktok_package_id', 'pkg', 'by its package'
);
create table tests.rest as select tests.finish_label('d2');
select is(tests.order_state('d'), 'awaiting_collection AWAITING_SHIPMENT', 'then the rest, without having been started');
select is(
  tests.timeline('d'), 'LABEL_PURCHASED partially_shipped, LABEL_PURCHASED awaiting_collection', 'the timeline has both'
);
select tests.order_to_ship('ada', 'e');
select tests.requested('ada', 'e', 'e1');
update public.orders set order_status = 'in_transit' where tiktok_order_id = 'e';
create table tests.late as select tests.finish_label('e1');
select is(tests.order_state('e'), 'in_transit AWAITING_SHIPMENT', 'a label does not move an order back');
select is(tests.timeline('e'), 'LABEL_PURCHASED', 'but the timeline has it');
select tests.order_to_ship('ada', 'f');
select tests.requested('ada', 'f', 'f1');
update public.orders set order_status = 'cancelled' where tiktok_order_id = 'f';
create table tests.cancelled as select tests.finish_label('f1');
select is(
  tests.order_state('f') || ' ' || tests.label_state('f1'), 'cancelled AWAITING_SHIPMENT purchased 1',
  'what was bought meanwhile is bought, also of a cancelled order'
);

-- A late report that it was bought.
select tests.order_to_ship('ada', 'g');
select tests.requested('ada', 'g', 'g1');
select tests.start('g1');
select tests.fail('g1', 1);
select tests.requested('ada', 'g', 'g2', '{"line_item_ids": ["g-3"]}');
create table tests.adopted as select tests.finish_label('g1') as answer;
select is(answer ->> 'state', 'purchased', 'what was believed to have failed was bought') from tests.adopted;
select is(tests.label_state('g1'), 'purchased 1', 'it has no reason any more');
select is(tests.parcel('g1'), 'purchased', 'its parcel is stored');
select is(tests.labelled('g'), '1:g1 2:g1 3:g2', 'it takes the units that are free, and no other''s');
select is(tests.order_state('g'), 'awaiting_collection AWAITING_SHIPMENT', 'the order has all its labels');
select is(tests.tasks('g1'), 'MARK_SHIPPED', 'and goes on');
select tests.order_to_ship('ada', 'k');
select tests.requested('ada', 'k', 'k1');
select tests.start('k1');
select tests.fail('k1', 1);
select tests.buy('ada', 'k', 'k2');
select tests.finish_label('k1');
select is(tests.labelled('k'), '1:k2 2:k2 3:k2', 'units that got another label meanwhile keep that one');
select is(
  (select concat_ws(' ', status, advice, advice_reason) from public.shipments where id = tests.purchase('k1')),
  'purchased void_advised labelled_twice', 'the late one is to be voided'
);
select is(tests.tasks('k1'), 'none', 'and TikTok is not notified of it');
update private.label_purchases set state = 'void_requested' where id = tests.purchase('k1');
select tests.settle_void('k1', 'void_rejected');
select is(tests.tasks('k1'), 'none', 'nor if its void is refused');
select is(tests.tasks('k2'), 'MARK_SHIPPED', 'it is of the other');
select tests.order_to_ship('ada', 'h');
select tests.requested('ada', 'h', 'h1');
select tests.start('h1');
select tests.mark_unknown('h1', 1);
create table tests.settled as select tests.finish_label('h1');
select is(tests.label_state('h1'), 'purchased 1', 'an unknown purchase can be finished');

select * from finish();
rollback;
