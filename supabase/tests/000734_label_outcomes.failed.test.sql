-- Purchases that are unknown or failed.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.order_to_ship('ada', 'a2');
-- The second attempt of a label is being bought; another one is requested.
select tests.request('ada', 'a', 'first');
select tests.age('first', '121 seconds');
select tests.request('ada', 'a', 'first');
select tests.start('first', 2);
select tests.age('first', '3 minutes');
select tests.request('ada', 'a2', 'rival');

-- Failing frees the units.
select is(tests.mark_unknown('rival', 1) ->> 'state', 'requested', 'a purchase that was not started does not become unknown');
select is(tests.mark_unknown('first', 1) ->> 'state', 'purchasing', 'a worker that lost it cannot mark it');
select is(tests.mark_unknown('first', 2) ->> 'state', 'unknown', 'its worker marks it unknown');
select is(tests.label_state('first'), 'unknown 2 timeout', 'and says why');
select is(tests.requested('ada', 'a', 'first'), 'unsettled', 'it must be looked up');
select is(tests.requested('ada', 'a', 'first', '{}', 'another'), 'key_reused', 'for the same request only');
select is(tests.requested('ada', 'a', 'second'), 'refused line_items_labelled', 'its units are not free');
select is(tests.mark_unknown('first', 2) ->> 'state', 'unknown', 'marking it again changes nothing');
select is(tests.fail('first', 1) ->> 'state', 'unknown', 'a worker that lost it cannot fail it');
select is(tests.labelled('a'), '1:first 2:first 3:first', 'its units are still its own');
select tests.receive_event('ada', 'failed by');
select is(
  tests.fail('first', 2, (select id from private.webhook_events where external_id = 'failed by')) ->> 'state', 'failed',
  'it turns out that nothing was bought'
);
select is(tests.label_state('first'), 'failed 2 carrier_refused', 'it says why');
select is(tests.event_status('failed by'), 'done', 'the event that found it out is settled');
select is(tests.labelled('a'), 'none', 'and the units are free');
select is(tests.requested('ada', 'a', 'first', '{}', 'another'), 'key_reused', 'its key is not');
select is(tests.requested('ada', 'a', 'first'), 'requested', 'the same request starts again');
select is(tests.label_state('first'), 'requested 3', 'as another attempt, the reason forgotten');
select is(tests.labelled('a'), '1:first 2:first 3:first', 'with the units as its own again');
select is(tests.fail('first', 3) ->> 'state', 'failed', 'that fails before it is started');
select is(tests.requested('ada', 'a', 'second', '{"line_item_ids": ["a-2"]}'), 'requested', 'another key takes a unit');
select is(tests.labelled('a'), '2:second', 'which was free');
select is(
  tests.requested('ada', 'a', 'first', '{"line_item_ids": ["a-1", "a-2"]}'), 'refused line_items_labelled',
  'the first one does not get it back'
);
select is(tests.label_state('first'), 'failed 3 carrier_refused', 'and stays failed');
select is(tests.requested('ada', 'a', 'first'), 'requested', 'without naming units');
select is(tests.labelled('a'), '1:first 2:second 3:first', 'it takes what is left');
select is(
  (select line_item_ids from private.label_purchases where id = tests.purchase('first')), '{a-1,a-3}'::text[],
  'and is of these only'
);
select is(tests.requested('ada', 'a', 'third'), 'refused line_items_labelled', 'then nothing is left');
select is(
  tests.call(format('fail_label_purchase(%L, 1, ''x'')', tests.id('no purchase'))) -> 'state', 'null',
  'a purchase that is not there does not fail'
);

-- What the read at TikTok found is stored before the next request.
create function tests.reads()
returns text
language sql
as $$
  select coalesce(string_agg(object_id, ' ' order by object_id), 'none')
  from private.webhook_events where event_type = 'ORDER_FOUND' and status = 'pending' and shop_id = tests.shop_id('ada');
$$;
select is(tests.reads(), 'none', 'a refusal of the carrier says nothing about the order');
select tests.order_to_ship('ada', number, '{"combine_group_id": "7"}') from unnest(array['b', 'c']) as number;
select tests.request('ada', 'b', 'outdated', jsonb_build_object('order_ids', jsonb_build_array(tests.order_id('c'))));
select tests.call(format('fail_label_purchase(%L, 2, ''order_changed'')', tests.purchase('outdated')));
select is(tests.reads(), 'none', 'a worker that lost the purchase has nothing read');
select tests.call(format('fail_label_purchase(%L, 1, ''order_changed'')', tests.purchase('outdated')));
select is(tests.reads(), 'b c', 'each order in the parcel is read again');
select tests.call(format('fail_label_purchase(%L, 1, ''order_changed'')', tests.purchase('outdated')));
select is(tests.reads(), 'b c', 'once per attempt');

-- A carrier shipment with an address that TikTok no longer shows is not bought.
select tests.order_to_ship('ada', 'd');
select tests.request('ada', 'd', 'old address');
update private.label_purchases set carrier_shipment_id = 'shp_old' where id = tests.purchase('old address');
select tests.call(format('fail_label_purchase(%L, 1, ''order_changed'')', tests.purchase('old address')));
select is(
  tests.request('ada', 'd', 'old address') #>> '{purchase,carrier_shipment_id}', 'shp_old',
  'the address is as it was: the shipment is still right'
);
select tests.call(format('fail_label_purchase(%L, 2, ''order_changed'')', tests.purchase('old address')));
update public.orders set shipping_address = '{"city": "Salem"}' where tiktok_order_id = 'd';
select is(
  tests.request('ada', 'd', 'old address') #> '{purchase,carrier_shipment_id}', 'null', 'then it is made again'
);

-- A label that was sold late takes the units over of a purchase that fails after it.
select tests.order_to_ship('ada', 'e');
select tests.request('ada', 'e', 'late');
select tests.start('late', 1);
select tests.fail('late', 1);
select tests.request('ada', 'e', 'next');
select tests.finish_label('late');
select is(tests.labelled('e'), '1:next 2:next 3:next', 'while the next purchase goes on, the units are its own');
select is(
  (select advice_reason from public.shipments where id = tests.purchase('late')), 'labelled_twice',
  'and the late label is too many'
);
select tests.fail('next', 1);
select is(tests.labelled('e'), '1:late 2:late 3:late', 'then they are those of the late one');
select is(
  (select advice_reason from public.shipments where id = tests.purchase('late')), null, 'which is wanted again'
);
select is(
  (
    select count(*) from private.webhook_events
    where event_type = 'MARK_SHIPPED' and object_id = tests.purchase('late')::text
  ),
  1::bigint, 'and TikTok is notified of it'
);

select * from finish();
rollback;
