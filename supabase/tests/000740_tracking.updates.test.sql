-- Tracking updates, late and repeated, and their effect on the order.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.buy('ada', 'a', 'a1', '{}', '{"tracking_number": "1Z"}');

-- A parcel on its way.
create function tests.seen(key text)
returns text
language sql
stable
as $$
  select concat_ws(
    ' ', status, coalesce(estimated_delivery::text, '?'),
    coalesce(to_char(tracking_updated_at at time zone 'UTC', 'DD"T"HH24'), '?')
  )
  from public.shipments where id = tests.purchase(key);
$$;
update public.shipments set tracked_at = now() - interval '1 day';
select tests.receive_event('ada', 'first update');
select is(
  tests.track(
    'a1', '{"status": "in_transit", "updated_at": "2026-12-10T12:00:00Z", "estimated_delivery": "2026-12-20"}', 'first update'
  ),
  'moved', 'the parcel is on its way'
);
select is(tests.event_status('first update'), 'done', 'the event is settled with it');
select is(tests.seen('a1'), 'in_transit 2026-12-20 10T12', 'where it is, when it comes, since when');
select is((select tracked_at from public.shipments where id = tests.purchase('a1')), now(), 'it was heard of now');
select is(tests.order_state('a'), 'in_transit AWAITING_SHIPMENT', 'so is its order');
select is(
  tests.timeline('a'), 'LABEL_PURCHASED awaiting_collection, TRACKING_UPDATED in_transit in_transit', 'the timeline has it'
);
select is(
  (select changes from public.order_events where event_type = 'TRACKING_UPDATED'),
  jsonb_build_object(
    'shipment_id', tests.purchase('a1'),
    'shipment_status', '{"from": "purchased", "to": "in_transit"}'::jsonb,
    'order_status', '{"from": "awaiting_collection", "to": "in_transit"}'::jsonb
  ),
  'with the parcel, and what became of it and of the order'
);
-- A scan from before the order.
update public.orders set tiktok_created_at = '2026-12-01T12:00:00Z' where tiktok_order_id = 'a';
select is(
  tests.track('a1', '{"status": "delivered", "scanned_at": "2026-11-30T11:00:00Z", "updated_at": "2026-12-11T12:00:00Z"}'),
  'recorded', 'a delivery before the order was that of another parcel'
);
select is(tests.seen('a1'), 'in_transit 2026-12-20 10T12', 'and changes nothing');
-- The same event again.
select is(
  tests.track(
    'a1', '{"status": "delivered", "updated_at": "2026-12-30T12:00:00Z", "estimated_delivery": "2026-12-30"}', 'first update'
  ),
  'settled', 'an event that is settled'
);
select is(tests.seen('a1'), 'in_transit 2026-12-20 10T12', 'changes nothing');
select tests.receive_event('ada', 'ignored');
update private.webhook_events set status = 'ignored', reason = 'x' where external_id = 'ignored';
select is(tests.track('a1', '{"status": "delivered"}', 'ignored'), 'settled', 'nor does one that was ignored');
select is(
  tests.call(format('apply_tracking(0, %L, ''{"status": "delivered"}'')', tests.purchase('a1'))), '"PT404"',
  'nor one that is not there'
);
select is(tests.seen('a1'), 'in_transit 2026-12-20 10T12', 'the parcel is where it was');

-- Estimates.
update public.shipments set tracked_at = now() - interval '1 day';
select is(
  tests.track('a1', '{"status": "in_transit", "updated_at": "2026-12-10T11:00:00Z", "estimated_delivery": "2026-12-19"}'),
  'stale', 'a late update'
);
select is(tests.seen('a1'), 'in_transit 2026-12-20 10T12', 'changes neither estimate nor time');
select is(
  (select tracked_at from public.shipments where id = tests.purchase('a1')), now(), 'but something was heard of the parcel'
);
select is(
  tests.track('a1', '{"status": "in_transit", "updated_at": "2026-12-10T12:00:00Z", "estimated_delivery": "2026-12-21"}'),
  'recorded', 'an update of the same moment'
);
select is(tests.seen('a1'), 'in_transit 2026-12-21 10T12', 'does');
select is(
  tests.track('a1', '{"status": "purchased", "updated_at": "2026-12-10T14:00:00Z", "estimated_delivery": "2026-12-22"}'),
  'recorded', 'so does a newer one with a lower status'
);
select is(tests.seen('a1'), 'in_transit 2026-12-22 10T14', 'which does not move it back');
select is(tests.track('a1', '{"updated_at": "2026-12-10T15:00:00Z"}'), 'recorded', 'an update without an estimate');
select is(tests.seen('a1'), 'in_transit 2026-12-22 10T15', 'keeps the previous estimate');
select is(tests.track('a1', '{"estimated_delivery": "2026-12-23"}'), 'recorded', 'an update without a time');
select is(tests.seen('a1'), 'in_transit 2026-12-23 10T15', 'counts as new, and keeps the carrier time');
select is(
  tests.track('a1', '{"status": "out_for_delivery", "updated_at": "2026-12-10T13:00:00Z", "estimated_delivery": "2026-12-01"}'),
  'moved', 'a late update with a higher status'
);
select is(tests.seen('a1'), 'out_for_delivery 2026-12-23 10T15', 'moves the parcel, but keeps the newer estimate');
select is(tests.track('a1', '{"tracking_number": "other"}'), 'recorded', 'another tracking number');
select is(
  (select tracking_number from public.shipments where id = tests.purchase('a1')), '1Z', 'does not take the place of its own'
);
update public.shipments set tracking_number = null where id = tests.purchase('a1');
select is(tests.track('a1', '{"tracking_number": "1Z"}'), 'recorded', 'one that comes later');
select is((select tracking_number from public.shipments where id = tests.purchase('a1')), '1Z', 'is kept');
select is(
  tests.timeline('a'),
  'LABEL_PURCHASED awaiting_collection, TRACKING_UPDATED in_transit in_transit, TRACKING_UPDATED out_for_delivery',
  'the timeline has only moves'
);
select is(tests.order_state('a'), 'in_transit AWAITING_SHIPMENT', 'the order is on its way all the time');
select is(tests.track('a1', '{"status": "delivered"}'), 'moved', 'it arrives');
select is(tests.order_state('a'), 'delivered AWAITING_SHIPMENT', 'with it the order');
select is(tests.track('a1', '{"status": "in_transit"}'), 'recorded', 'and that is that');
select is(tests.order_state('a') || ' ' || tests.parcel('a1'), 'delivered AWAITING_SHIPMENT delivered', 'for both');
select is(tests.track('a1', '{"status": "returned"}'), 'moved', 'except that it may come back');
select is(tests.order_state('a') || ' ' || tests.parcel('a1'), 'delivered AWAITING_SHIPMENT returned', 'which the order does not');

-- More than one parcel.
select tests.order_to_ship('ada', 'b');
select tests.buy('ada', 'b', 'b1', '{"line_item_ids": ["b-1"]}');
select is(tests.track('b1', '{"status": "delivered"}'), 'moved', 'the only parcel arrives');
select is(tests.order_state('b'), 'partially_shipped AWAITING_SHIPMENT', 'but not all units had a label');
select tests.buy('ada', 'b', 'b2', '{"line_item_ids": ["b-2"]}');
select tests.buy('ada', 'b', 'b3', '{"line_item_ids": ["b-3"]}');
select is(tests.order_state('b'), 'in_transit AWAITING_SHIPMENT', 'now they have, and one of them is under way');
select is(tests.track('b2', '{"status": "delivered"}'), 'moved', 'the second arrives');
select is(tests.order_state('b'), 'in_transit AWAITING_SHIPMENT', 'the third is missing');
select is(tests.track('b3', '{"status": "failed"}'), 'moved', 'it could not be delivered');
select is(tests.order_state('b'), 'in_transit AWAITING_SHIPMENT', 'so that the order was not');
select is(tests.track('b3', '{"status": "returned"}'), 'moved', 'it comes back');
select is(tests.order_state('b'), 'delivered AWAITING_SHIPMENT', 'what could be delivered was');
select tests.order_to_ship('ada', 'c');
select tests.buy('ada', 'c', 'c1');
select is(tests.track('c1', '{"status": "returned"}'), 'moved', 'the only parcel comes back');
select is(tests.order_state('c'), 'in_transit AWAITING_SHIPMENT', 'nothing was delivered');
-- A voided label does not count as a parcel.
select tests.order_to_ship('ada', 'd');
select tests.buy('ada', 'd', 'd1');
update public.shipments set status = 'voided' where id = tests.purchase('d1');
update private.label_purchases set state = 'void_requested' where id = tests.purchase('d1');
update private.label_purchases set state = 'voided' where id = tests.purchase('d1');
delete from private.labelled_lines where purchase_id = tests.purchase('d1');
select tests.buy('ada', 'd', 'd2');
select is(tests.track('d1', '{"status": "delivered"}'), 'recorded', 'an update of a voided label');
select is(tests.parcel('d1') || ' ' || tests.order_state('d'), 'voided awaiting_collection AWAITING_SHIPMENT', 'move nothing');
select is(tests.track('d2', '{"status": "delivered"}'), 'moved', 'the parcel that took its place arrives');
select is(tests.order_state('d'), 'delivered AWAITING_SHIPMENT', 'and is all of the order');
-- Forwards only.
select tests.order_to_ship('ada', 'e');
select tests.buy('ada', 'e', 'e1');
update public.orders set order_status = 'completed' where tiktok_order_id = 'e';
select is(tests.track('e1', '{"status": "in_transit"}'), 'moved', 'a late update of a completed order');
select is(tests.order_state('e') || ' ' || tests.parcel('e1'), 'completed AWAITING_SHIPMENT in_transit', 'move the parcel only');
select is(tests.timeline('e'), 'LABEL_PURCHASED awaiting_collection, TRACKING_UPDATED in_transit', 'and are added to the timeline');

-- After a failure the carrier may try again.
select tests.order_to_ship('ada', 'f');
select tests.buy('ada', 'f', 'f1');
create function tests.tracked(day integer, status text)
returns text
language sql
as $$
  select tests.track('f1', jsonb_build_object('status', status, 'updated_at', format('2026-12-%sT00:00:00Z', day)));
  select tests.parcel('f1');
$$;
select is(tests.tracked(11, 'failed'), 'failed', 'a delivery that failed');
select is(tests.tracked(10, 'out_for_delivery'), 'failed', 'which an earlier update does not change');
select is(tests.tracked(11, 'in_transit'), 'failed', 'nor one of the same time');
select is(tests.tracked(12, 'purchased'), 'failed', 'nor one that says nothing of the parcel');
select is(tests.tracked(13, 'out_for_delivery'), 'out_for_delivery', 'is tried again');
select is(tests.tracked(12, 'failed'), 'out_for_delivery', 'an earlier failure comes too late');
select is(tests.tracked(14, 'failed'), 'failed', 'a later one counts');
select is(tests.tracked(15, 'in_transit'), 'in_transit', 'whatever the carrier does next');
select is(tests.order_state('f'), 'in_transit AWAITING_SHIPMENT', 'the order is on its way');
select is(tests.tracked(13, 'delivered'), 'delivered', 'a delivery counts at any time');
select is(tests.tracked(16, 'failed'), 'delivered', 'and stays');

-- A shipment that is gone.
select tests.receive_event('ada', 'of nothing');
select isnt(tests.track('gone', '{"status": "delivered"}', 'of nothing'), 'moved', 'an unknown parcel is not moved');
select is(tests.event_status('of nothing'), 'pending', 'and the event is not settled');

select * from finish();
rollback;
