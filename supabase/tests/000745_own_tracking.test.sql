-- Tracking numbers that sellers bring from elsewhere.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', number) from unnest(array['a', 'b', 'c', 'd', 'e', 'g']) as number;
select tests.order_to_ship('bob', 'f');

create function tests.own(
  nickname text, number text, key text, request jsonb default '{}', is_check boolean default false,
  hash text default 'hash'
)
returns jsonb
language sql
as $$
  select tests.call(format(
    'request_own_tracking(%L, %L, %L, %L, %L, %L)', tests.id(nickname), key, hash, tests.order_id(number),
    jsonb_build_object('carrier', 'UPS', 'tracking_number', '1Z' || key) || request, is_check
  ));
$$;
create function tests.outcome(answer jsonb)
returns text
language sql
as $$
  select coalesce(nullif(concat_ws(' ', answer ->> 'outcome', answer ->> 'code'), ''), answer #>> '{}');
$$;
create function tests.correct(key text, carrier text, number text, is_check boolean default false)
returns jsonb
language sql
as $$
  select tests.call(format(
    'request_tracking_correction(%L, %L, %L, %L, %L)', tests.id('ada'), tests.purchase(key), carrier, number, is_check
  ));
$$;
create function tests.answer(key text, attempt integer, answer jsonb)
returns text
language sql
as $$
  select tests.call(format(
    'settle_own_notification(%L, %s, %L, %L)', tests.purchase(key), attempt, answer,
    (
      select id from private.webhook_events
      where external_id = 'MARK_SHIPPED:' || tests.purchase(key) || ':own:' || attempt
    )
  )) #>> '{}';
$$;
create function tests.own_parcel(key text)
returns text
language sql
stable
as $$
  select concat_ws(
    ' ', carrier, tracking_number, status, case when tiktok_notified_at is not null then 'notified' end,
    tiktok_warning, tiktok_error_code
  )
  from public.shipments where id = tests.purchase(key);
$$;

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || regexp_replace(statement, '\(''.*', '(...)'))
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.own_tracking_numbers',
  'select private.current_own_number(gen_random_uuid())',
  'select public.request_own_tracking(gen_random_uuid(), ''k'', ''h'', gen_random_uuid(), ''{}'', false)',
  'select public.request_tracking_correction(gen_random_uuid(), gen_random_uuid(), ''UPS'', ''1Z'', false)',
  'select public.settle_own_notification(gen_random_uuid(), 1, ''{}'')',
  'select public.get_order_for_own_tracking(gen_random_uuid(), gen_random_uuid())',
  'select public.get_own_tracker(gen_random_uuid())',
  'select public.store_own_tracker(1, gen_random_uuid(), 1, ''trk'', ''{}'')',
  'select public.apply_own_tracking(1, ''trk'', ''1Z'', ''{}'')'
]) as statement;

-- Refused before anything is stored.
update public.orders set order_status = 'on_hold' where id = tests.order_id('e');
select is(tests.outcome(tests.own('bob', 'a', 'theirs')), 'PT404', 'an order of another seller is unknown');
select is(tests.outcome(tests.own('ada', 'e', 'hold')), 'refused order_on_hold', 'an order on hold');
select is(tests.outcome(tests.own('ada', 'a', 'usps', '{"carrier": "USPS"}')), 'refused carrier_not_accepted', 'a carrier that a rule refuses');
select is(tests.outcome(tests.own('ada', 'a', 'check', '{}', true)), 'ready', 'a check');
select is((select count(*) from private.label_purchases), 0::bigint, 'stores nothing');

-- Stored once.
select is(tests.outcome(tests.own('ada', 'a', 'one', '{"line_item_ids": ["a-1"]}')), 'stored', 'a number is stored');
select is(tests.outcome(tests.own('ada', 'a', 'one', '{"line_item_ids": ["a-1"]}')), 'exists', 'the same request again stores nothing');
select is(tests.outcome(tests.own('ada', 'a', 'one', '{}', false, 'another')), 'key_reused', 'another request with its key');
select is(tests.labelled('a'), '1:one', 'its unit is taken');
select is(tests.outcome(tests.own('ada', 'a', 'two', '{"line_item_ids": ["a-1"]}')), 'refused line_items_labelled', 'a unit has one number');
select is(tests.requested('ada', 'a', 'label', '{"line_item_ids": ["a-1"]}'), 'refused line_items_labelled', 'or one label');
select is(tests.outcome(tests.own('ada', 'b', 'other', '{"tracking_number": "1Zone"}')), 'refused tracking_number_used', 'a number has one parcel in its shop');
select is(tests.outcome(tests.own('bob', 'f', 'other', '{"tracking_number": "1Zone"}')), 'stored', 'another shop is not notified');
select is(tests.timeline('a'), 'TRACKING_ADDED partially_shipped', 'the timeline has it');
select is(
  (select status || ' ' || claims from private.inbox_events where external_id = 'MARK_SHIPPED:' || tests.purchase('one') || ':own:1'),
  'processing 1', 'the request itself notifies TikTok; a worker after two minutes'
);
select is(tests.outcome(tests.call(format('request_label_void(%L, %L)', tests.id('ada'), tests.purchase('one')))), 'refused not_purchased', 'there is no label to void');

-- Accepted.
select is(tests.outcome(tests.correct('one', 'UPS', '1Zother')), 'refused tracking_in_progress', 'no correction while TikTok is notified');
select tests.answer('one', 1, '{"package_id": "11", "warning": "two carriers"}');
select is(tests.own_parcel('one'), 'UPS 1Zone purchased notified two carriers', 'TikTok''s warning is stored');
select is(tests.tasks('one'), 'MARK_SHIPPED CHECK_TRACKING', 'and the parcel is tracked');

delete from private.label_purchases where user_id = tests.id('bob');
delete from public.shipments where order_id = tests.order_id('f');

-- Tracked, and corrected: the tracker of the earlier number counts no more.
select tests.call(format(
  'store_own_tracker(%s, %L, 1, ''trk_1'', ''{"status": "in_transit"}'')', tests.receive_event('ada', 'read'),
  tests.purchase('one')
));
select is(tests.own_parcel('one'), 'UPS 1Zone in_transit notified two carriers', 'the tracker moves the parcel');
select is(tests.outcome(tests.correct('one', 'ups', '1Zone')), 'exists', 'the same number is not a correction');
select is(tests.outcome(tests.correct('one', 'FedEx', '1234', true)), 'ready', 'a check of a correction');
select is(tests.own_parcel('one'), 'UPS 1Zone in_transit notified two carriers', 'changes nothing');
select is(tests.outcome(tests.correct('one', 'FedEx', '1234')), 'stored', 'a correction within 72 hours');
select is(tests.own_parcel('one'), 'FedEx 1234 purchased', 'is another parcel at the carrier');
select tests.answer('one', 1, '{"package_id": "11"}');
select is(tests.own_parcel('one'), 'FedEx 1234 purchased', 'a late answer about the earlier number says nothing');
select tests.answer('one', 2, '{"package_id": "11"}');
select is(
  tests.call(format('apply_own_tracking(%s, ''trk_1'', ''1Zone'', ''{"status": "delivered"}'')', tests.receive_event('ada', 'old'))) ->> 'outcome',
  'not_found', 'the earlier tracker finds no parcel'
);
select is(
  tests.call(format('apply_own_tracking(%s, ''trk_2'', ''1234'', ''{"status": "in_transit"}'')', tests.receive_event('ada', 'new'))) ->> 'outcome',
  'moved', 'the new one does'
);
select is(tests.own_parcel('one'), 'FedEx 1234 in_transit notified', 'and moves it');

-- A wrong number that is another parcel's, which has arrived.
select tests.own('ada', 'g', 'typo');
select tests.answer('typo', 1, '{"package_id": "12"}');
select tests.call(format(
  'store_own_tracker(%s, %L, 1, ''trk_3'', ''{"status": "delivered"}'')', tests.receive_event('ada', 'arrived'),
  tests.purchase('typo')
));
select is(tests.order_state('g'), 'delivered AWAITING_SHIPMENT', 'the number of another parcel that has arrived delivers the order');
select is(tests.outcome(tests.correct('typo', 'UPS', '1Zright')), 'stored', 'its correction is taken');
select is(tests.own_parcel('typo'), 'UPS 1Zright purchased', 'the parcel waits for the carrier again');
select is(tests.order_state('g'), 'awaiting_collection AWAITING_SHIPMENT', 'and so does the order');
select tests.answer('typo', 2, '{"package_id": "12"}');
select tests.call(format(
  'store_own_tracker(%s, %L, 2, ''trk_4'', ''{"status": "out_for_delivery"}'')', tests.receive_event('ada', 'out'),
  tests.purchase('typo')
));
update public.orders set tiktok_status = 'IN_TRANSIT' where tiktok_order_id = 'g';
select is(tests.outcome(tests.correct('typo', 'UPS', '1Zother1')), 'stored', 'TikTok decides about another correction');
select is(tests.order_state('g'), 'in_transit IN_TRANSIT', 'TikTok''s word that the order is on its way stays');
select tests.answer('typo', 3, '{"package_id": "12"}');
update public.orders set tiktok_status = 'DELIVERED' where tiktok_order_id = 'g';
select is(tests.outcome(tests.correct('typo', 'UPS', '1Zother2')), 'refused tracking_final', 'what TikTok calls delivered is final');

-- A refused correction; later than 72 hours.
select tests.correct('one', 'UPS', '1Zwrong');
select tests.answer('one', 3, '{"error": "TikTok 21011022: invalid", "code": "tracking_number_invalid"}');
select is(tests.own_parcel('one'), 'FedEx 1234 purchased notified tracking_number_invalid', 'TikTok keeps the number that it accepted');
update private.own_tracking_numbers set accepted_at = accepted_at - interval '72 hours' where shipment_id = tests.purchase('one');
select is(tests.outcome(tests.correct('one', 'UPS', '1Zlate')), 'refused tracking_final', '72 hours after the first number');
select is(tests.own_parcel('one'), 'FedEx 1234 purchased notified tracking_number_invalid', 'nothing changes');

-- A refused number is withdrawn.
select tests.own('ada', 'c', 'bad');
select is(tests.order_state('c'), 'awaiting_collection AWAITING_SHIPMENT', 'the order waits for the carrier');
select tests.answer('bad', 1, '{"error": "TikTok 21011022: invalid", "code": "tracking_number_invalid"}');
select is(tests.label_state('bad'), 'voided 1 tracking_number_invalid', 'the seller sees the code');
select is(tests.labelled('c'), 'none', 'its units are free');
select is(tests.order_state('c'), 'awaiting_shipment AWAITING_SHIPMENT', 'the order waits for a shipment again');
select is(tests.timeline('c'), 'TRACKING_ADDED awaiting_collection, TRACKING_REFUSED awaiting_shipment', 'the timeline has both');
select is(tests.outcome(tests.correct('bad', 'UPS', '1Zgood')), 'refused tracking_withdrawn', 'it cannot be corrected');
select is(tests.outcome(tests.own('ada', 'c', 'good')), 'stored', 'but another one may be sent');

update public.orders set tiktok_status = 'DELIVERED' where tiktok_order_id in ('a', 'c');
select is(tests.parcel('good'), 'delivered', 'a parcel without a tracker is delivered when TikTok says so');
select is(tests.parcel('bad'), 'voided', 'a withdrawn number is none');

-- Corrected before TikTok accepted any: the earlier task ends.
select tests.own('ada', 'd', 'early');
update private.event_queue set status = 'pending'
where event_id = (select id from private.webhook_events where external_id = 'MARK_SHIPPED:' || tests.purchase('early') || ':own:1');
select is(tests.outcome(tests.correct('early', 'UPS', '1Zlater')), 'stored', 'a number that TikTok has not got');
select is(
  (select string_agg(status || coalesce(' ' || reason, ''), ', ' order by id) from private.inbox_events where object_id = tests.purchase('early')::text),
  'ignored tracking_replaced, processing', 'is not sent any more'
);
select tests.buy('ada', 'b', 'a label');
select is(tests.outcome(tests.correct('a label', 'UPS', '1Znew')), 'refused tracking_not_own', 'the number of a label is not corrected');

select * from finish();
rollback;
