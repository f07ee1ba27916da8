-- The shipment of a tracker.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

-- The shipment of a tracker.
select tests.order_to_ship('ada', 'f');
select tests.request('ada', 'f', 'f1', '{"line_item_ids": ["f-1"]}') is not null;
select tests.start('f1', 1, '{"carrier_shipment_id": "shp_f1"}');
create function tests.find(easypost_shipment text, number text)
returns text
language sql
as $$
  select coalesce(
    (
      select idempotency_key
      from private.label_purchases
      where id::text = tests.call(format('find_easypost_shipment(%L, %L)', easypost_shipment, number)) #>> '{}'
    ),
    'none'
  );
$$;
select is(tests.find('shp_f1', null), 'none', 'a label that is not bought yet has no parcel');
create table tests.bought as select tests.finish_label('f1', '{"tracking_number": "AGAIN"}');
select is(tests.find('shp_f1', null), 'f1', 'a parcel is found by EasyPost''s shipment');
select tests.buy('ada', 'f', 'f2', '{"line_item_ids": ["f-2"]}', '{"tracking_number": "AGAIN"}');
select tests.buy('ada', 'f', 'f3', '{"line_item_ids": ["f-3"]}', '{"tracking_number": "OTHER"}');
update public.shipments set created_at = now() - interval '1 year' where id = tests.purchase('f2');
select is(tests.find(null, 'AGAIN'), 'f1', 'or by its number, of two the newest');
update public.shipments set created_at = now() - interval '2 years' where id = tests.purchase('f1');
select is(tests.find(null, 'AGAIN'), 'f2', 'whichever that is');
select is(tests.find('shp_f1', 'AGAIN'), 'f1', 'the shipment says more than the number');
select is(tests.find('shp_unknown', 'OTHER'), 'f3', 'which counts where the shipment is not ours');
select is(tests.find('shp_unknown', 'UNKNOWN'), 'none', 'an unknown tracker has no shipment');
select is(tests.find(null, null), 'none', 'nor has a tracker without ids');
select tests.order_to_ship('ada', 'g', '{"shipping_type": "TIKTOK"}');
select tests.buy('ada', 'g', 'g1', '{}', '{"tracking_number": "TIKTOK"}');
select is(tests.find(null, 'TIKTOK'), 'none', 'TikTok parcels are not found');

-- The failed purchase of a tracker.
create function tests.find_failed(easypost_shipment text)
returns text
language sql
as $$
  select coalesce(
    (
      select idempotency_key
      from private.label_purchases
      where id::text = tests.call(format('find_failed_purchase(%L)', easypost_shipment)) #>> '{}'
    ),
    'none'
  );
$$;
select tests.order_to_ship('ada', 'h');
select tests.request('ada', 'h', 'h1') is not null;
select tests.start('h1', 1, '{"carrier_shipment_id": "shp_h1"}');
select is(tests.find_failed('shp_h1'), 'none', 'a purchase that goes on has not failed');
select tests.fail('h1', 1);
select is(tests.find_failed('shp_h1'), 'h1', 'a failed one is found by EasyPost''s shipment');
select is(tests.find_failed('shp_f1'), 'none', 'a bought label is not');
select is(tests.find_failed(''), 'none', 'nor is one without a shipment');

select * from finish();
rollback;
