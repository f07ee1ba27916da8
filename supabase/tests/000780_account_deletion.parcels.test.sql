-- Carrier events about the parcels of a deleted account, some of which another seller has too.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob']) as nickname;
select tests.connect_shop(nickname) from unnest(array['ada', 'bob']) as nickname;
select tests.order_to_ship(nickname, nickname) from unnest(array['ada', 'bob']) as nickname;
insert into public.shipments (order_id, provider, carrier, service_type, tracking_number, status)
values
  (tests.order_id('ada'), 'own', 'UPS', 'own', '1ZADA', 'purchased'),
  (tests.order_id('ada'), 'own', 'UPS', 'own', '1ZBOTH', 'purchased'),
  (tests.order_id('bob'), 'own', 'UPS', 'own', '1ZBOTH', 'purchased'),
  (tests.order_id('bob'), 'easypost', 'USPS', 'Ground', '9400BOB', 'purchased');
-- A number that ada corrected, which is that of bob's label.
insert into private.own_tracking_numbers (user_id, shipment_id, attempt, carrier, tracking_number)
select tests.id('ada'), id, 1, 'USPS', number
from public.shipments cross join unnest(array['1ZEARLIER', '9400BOB']) as number
where tracking_number = '1ZADA' and number = '1ZEARLIER' or tracking_number = '1ZBOTH' and number = '9400BOB'
  and user_id = tests.id('ada');
insert into private.webhook_events (source, external_id, event_type, object_id, body)
select 'easypost', 'about ' || number, 'tracker.updated', number, '{"result": {"signed_by": "A Buyer"}}'
from unnest(array['1ZADA', '1ZBOTH', '1ZEARLIER', '9400BOB', '1ZNOBODY']) as number;

delete from auth.users where id = tests.id('ada');

select set_eq(
  $$select object_id from private.webhook_events where source = 'easypost'$$,
  array['1ZBOTH', '9400BOB', '1ZNOBODY'],
  'an event about the parcel of another seller stays, also if this one entered its number'
);
select is(
  (select count(*) from private.webhook_events where status = 'pending' and source = 'easypost'), 3::bigint,
  'and is processed'
);
delete from auth.users where id = tests.id('bob');
select set_eq(
  $$select object_id from private.webhook_events where source = 'easypost'$$, array['1ZNOBODY'],
  'it goes with the last account that has the parcel'
);

select * from finish();
rollback;
