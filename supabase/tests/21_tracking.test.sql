-- Where parcels are: forwards only, whatever comes late, and what that makes of their order.
begin;
\ir helpers.psql
\ir label_helpers.psql
select plan(187);

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.buy('ada', 'a', 'a1', '{}', '{"tracking_number": "1Z"}');
select tests.receive_event('ada', 'for the roles');

-- Who may tell and ask.
create table tests.calls as
select call from unnest(array[
  format('apply_tracking(%s, %L, ''{"status": "delivered"}'')',
    (select id from private.webhook_events where external_id = 'for the roles'), tests.purchase('a1')),
  'find_easypost_shipment(''shp_1'', ''1Z'')'
]) as call;
select tests.refused(who, 'select public.' || call, who || ' cannot: ' || split_part(call, '(', 1))
from unnest(array['anon', 'ada']) as who cross join tests.calls;
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select private.parcel_rank(''delivered'')',
  'select private.move_shipment(null, ''{}'')'
]) as statement;
select tests.reaches('service_role', 1, 'select public.' || call, 'the backend can: ' || split_part(call, '(', 1))
from tests.calls;
select is(tests.parcel('a1'), 'purchased', 'nobody moved the parcel');
select is(
  tests.event_status('for the roles'), 'pending', 'or settled the event'
);

-- Ranks.
create table tests.statuses (status text, rank integer);
insert into tests.statuses
values ('created', 0), ('purchased', 1), ('in_transit', 2), ('available_for_pickup', 3), ('out_for_delivery', 4),
  ('failed', 5), ('delivered', 6), ('returned', 7), ('voided', 8);
select results_eq(
  'select private.parcel_rank(status) from tests.statuses order by rank', 'select rank from tests.statuses order by rank',
  'the ranks of all statuses'
);
select is(
  (select string_agg(quoted[1], ' ' order by private.parcel_rank(quoted[1]))
   from pg_constraint, regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''', 'g') as quoted
   where conname = 'shipments_status_check'),
  (select string_agg(status, ' ' order by rank) from tests.statuses),
  'which are all that a shipment may have'
);
select is(private.parcel_rank('lost'), null, 'anything else has none');

create function tests.news(key text, news jsonb, told_by text default null)
returns text
language sql
as $$
  select coalesce(answer ->> 'outcome', answer #>> '{}')
  from tests.call(format(
    'apply_tracking(%s, %L, %L)',
    case
      when told_by is null then tests.receive_event('ada', gen_random_uuid()::text)
      else (select id from private.webhook_events where external_id = told_by)
    end,
    tests.purchase(key), news
  )) as answer;
$$;
create function tests.moves(from_status text, to_status text)
returns text
language plpgsql
as $$
declare
  outcome text;
begin
  update public.shipments set status = from_status where id = tests.purchase('a1');
  outcome := tests.news('a1', jsonb_build_object('status', to_status));
  raise exception using errcode = 'UNDO1', message = concat_ws(' ', outcome, tests.parcel('a1'));
exception
  when sqlstate 'UNDO1' then
    return sqlerrm;
end;
$$;
select is(
  tests.moves(earlier.status, later.status),
  case when later.rank > earlier.rank then 'moved ' || later.status else 'noted ' || earlier.status end,
  concat_ws(' ', 'news that a parcel is', later.status, 'when it is', earlier.status)
)
from tests.statuses as earlier cross join tests.statuses as later;
select is(tests.moves('in_transit', 'lost'), 'noted in_transit', 'a word that we do not know moves nothing');
select is(tests.moves('in_transit', null), 'noted in_transit', 'nor do news without one');

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
select tests.receive_event('ada', 'first news');
select is(
  tests.news(
    'a1', '{"status": "in_transit", "updated_at": "2026-12-10T12:00:00Z", "estimated_delivery": "2026-12-20"}', 'first news'
  ),
  'moved', 'the parcel is on its way'
);
select is(tests.event_status('first news'), 'done', 'the event is settled with it');
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
-- The same event again.
select is(
  tests.news(
    'a1', '{"status": "delivered", "updated_at": "2026-12-30T12:00:00Z", "estimated_delivery": "2026-12-30"}', 'first news'
  ),
  'settled', 'an event that is settled'
);
select is(tests.seen('a1'), 'in_transit 2026-12-20 10T12', 'tells nothing');
select tests.receive_event('ada', 'ignored');
update private.webhook_events set status = 'ignored', reason = 'x' where external_id = 'ignored';
select is(tests.news('a1', '{"status": "delivered"}', 'ignored'), 'settled', 'nor does one that was ignored');
select is(
  tests.call(format('apply_tracking(0, %L, ''{"status": "delivered"}'')', tests.purchase('a1'))), '"PT404"',
  'nor one that is not there'
);
select is(tests.seen('a1'), 'in_transit 2026-12-20 10T12', 'the parcel is where it was');

-- Estimates.
update public.shipments set tracked_at = now() - interval '1 day';
select is(
  tests.news('a1', '{"status": "in_transit", "updated_at": "2026-12-10T11:00:00Z", "estimated_delivery": "2026-12-19"}'),
  'stale', 'late news'
);
select is(tests.seen('a1'), 'in_transit 2026-12-20 10T12', 'change neither estimate nor time');
select is(
  (select tracked_at from public.shipments where id = tests.purchase('a1')), now(), 'but something was heard of the parcel'
);
select is(
  tests.news('a1', '{"status": "in_transit", "updated_at": "2026-12-10T12:00:00Z", "estimated_delivery": "2026-12-21"}'),
  'noted', 'news of the same moment'
);
select is(tests.seen('a1'), 'in_transit 2026-12-21 10T12', 'do');
select is(
  tests.news('a1', '{"status": "purchased", "updated_at": "2026-12-10T14:00:00Z", "estimated_delivery": "2026-12-22"}'),
  'noted', 'so do newer ones, though their status is behind'
);
select is(tests.seen('a1'), 'in_transit 2026-12-22 10T14', 'which does not move it back');
select is(tests.news('a1', '{"updated_at": "2026-12-10T15:00:00Z"}'), 'noted', 'news without an estimate');
select is(tests.seen('a1'), 'in_transit 2026-12-22 10T15', 'keep the one before');
select is(tests.news('a1', '{"estimated_delivery": "2026-12-23"}'), 'noted', 'news without a time');
select is(tests.seen('a1'), 'in_transit 2026-12-23 10T15', 'are of now, and leave the carrier''s time');
select is(
  tests.news('a1', '{"status": "out_for_delivery", "updated_at": "2026-12-10T13:00:00Z", "estimated_delivery": "2026-12-01"}'),
  'moved', 'late news that are further'
);
select is(tests.seen('a1'), 'out_for_delivery 2026-12-23 10T15', 'move it, but its estimate is the newer one');
select is(tests.news('a1', '{"tracking_number": "other"}'), 'noted', 'another tracking number');
select is(
  (select tracking_number from public.shipments where id = tests.purchase('a1')), '1Z', 'does not take the place of its own'
);
update public.shipments set tracking_number = null where id = tests.purchase('a1');
select is(tests.news('a1', '{"tracking_number": "1Z"}'), 'noted', 'one that comes later');
select is((select tracking_number from public.shipments where id = tests.purchase('a1')), '1Z', 'is kept');
select is(
  tests.timeline('a'),
  'LABEL_PURCHASED awaiting_collection, TRACKING_UPDATED in_transit in_transit, TRACKING_UPDATED out_for_delivery',
  'only what moved is in the timeline'
);
select is(tests.order_state('a'), 'in_transit AWAITING_SHIPMENT', 'the order is on its way all the time');
select is(tests.news('a1', '{"status": "delivered"}'), 'moved', 'it arrives');
select is(tests.order_state('a'), 'delivered AWAITING_SHIPMENT', 'with it the order');
select is(tests.news('a1', '{"status": "in_transit"}'), 'noted', 'and that is that');
select is(tests.order_state('a') || ' ' || tests.parcel('a1'), 'delivered AWAITING_SHIPMENT delivered', 'for both');
select is(tests.news('a1', '{"status": "returned"}'), 'moved', 'except that it may come back');
select is(tests.order_state('a') || ' ' || tests.parcel('a1'), 'delivered AWAITING_SHIPMENT returned', 'which the order does not');

-- More than one parcel.
select tests.order_to_ship('ada', 'b');
select tests.buy('ada', 'b', 'b1', '{"line_item_ids": ["b-1"]}');
select is(tests.news('b1', '{"status": "delivered"}'), 'moved', 'the only parcel arrives');
select is(tests.order_state('b'), 'partially_shipped AWAITING_SHIPMENT', 'but not all units had a label');
select tests.buy('ada', 'b', 'b2', '{"line_item_ids": ["b-2"]}');
select tests.buy('ada', 'b', 'b3', '{"line_item_ids": ["b-3"]}');
select is(tests.order_state('b'), 'in_transit AWAITING_SHIPMENT', 'now they have, and one of them is under way');
select is(tests.news('b2', '{"status": "delivered"}'), 'moved', 'the second arrives');
select is(tests.order_state('b'), 'in_transit AWAITING_SHIPMENT', 'the third is missing');
select is(tests.news('b3', '{"status": "failed"}'), 'moved', 'it could not be delivered');
select is(tests.order_state('b'), 'in_transit AWAITING_SHIPMENT', 'so that the order was not');
select is(tests.news('b3', '{"status": "returned"}'), 'moved', 'it comes back');
select is(tests.order_state('b'), 'delivered AWAITING_SHIPMENT', 'what could be delivered was');
select tests.order_to_ship('ada', 'c');
select tests.buy('ada', 'c', 'c1');
select is(tests.news('c1', '{"status": "returned"}'), 'moved', 'the only parcel comes back');
select is(tests.order_state('c'), 'in_transit AWAITING_SHIPMENT', 'nothing was delivered');
-- A label that was voided is no parcel.
select tests.order_to_ship('ada', 'd');
select tests.buy('ada', 'd', 'd1');
update public.shipments set status = 'voided' where id = tests.purchase('d1');
update private.label_purchases set state = 'void_requested' where id = tests.purchase('d1');
update private.label_purchases set state = 'voided' where id = tests.purchase('d1');
delete from private.labelled_lines where purchase_id = tests.purchase('d1');
select tests.buy('ada', 'd', 'd2');
select is(tests.news('d1', '{"status": "delivered"}'), 'noted', 'news of a voided label');
select is(tests.parcel('d1') || ' ' || tests.order_state('d'), 'voided awaiting_collection AWAITING_SHIPMENT', 'move nothing');
select is(tests.news('d2', '{"status": "delivered"}'), 'moved', 'the parcel that took its place arrives');
select is(tests.order_state('d'), 'delivered AWAITING_SHIPMENT', 'and is all of the order');
-- Forwards only.
select tests.order_to_ship('ada', 'e');
select tests.buy('ada', 'e', 'e1');
update public.orders set order_status = 'completed' where tiktok_order_id = 'e';
select is(tests.news('e1', '{"status": "in_transit"}'), 'moved', 'late news of an order that is over');
select is(tests.order_state('e') || ' ' || tests.parcel('e1'), 'completed AWAITING_SHIPMENT in_transit', 'move the parcel only');
select is(tests.timeline('e'), 'LABEL_PURCHASED awaiting_collection, TRACKING_UPDATED in_transit', 'and are in the timeline');

-- A shipment that is gone.
select tests.receive_event('ada', 'of nothing');
select isnt(tests.news('gone', '{"status": "delivered"}', 'of nothing'), 'moved', 'no parcel, no news');
select is(tests.event_status('of nothing'), 'pending', 'and the event is not settled as if there had been some');

-- Whose tracker it is.
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
    'nobody'
  );
$$;
select is(tests.find('shp_f1', null), 'nobody', 'what is not bought yet has no parcel');
create table tests.bought as select tests.finish_label('f1', '{"tracking_number": "AGAIN"}');
select is(tests.find('shp_f1', null), 'f1', 'a parcel is found by EasyPost''s shipment');
select tests.buy('ada', 'f', 'f2', '{"line_item_ids": ["f-2"]}', '{"tracking_number": "AGAIN"}');
select tests.buy('ada', 'f', 'f3', '{"line_item_ids": ["f-3"]}', '{"tracking_number": "OTHER"}');
update public.shipments set created_at = now() - interval '1 year' where id = tests.purchase('f2');
select is(tests.find(null, 'AGAIN'), 'f1', 'or by its number, of two the newest');
update public.shipments set created_at = now() - interval '2 years' where id = tests.purchase('f1');
select is(tests.find(null, 'AGAIN'), 'f2', 'whichever that is');
select is(tests.find('shp_f1', 'AGAIN'), 'f1', 'the shipment says more than the number');
select is(tests.find('shp_nobody''s', 'OTHER'), 'f3', 'which counts where the shipment is not ours');
select is(tests.find('shp_nobody''s', 'NOBODYS'), 'nobody', 'what is not ours is found for nobody');
select is(tests.find(null, null), 'nobody', 'nor is anything that is not named');
select tests.order_to_ship('ada', 'g', '{"shipping_type": "TIKTOK"}');
select tests.buy('ada', 'g', 'g1', '{}', '{"tracking_number": "TIKTOK"}');
select is(tests.find(null, 'TIKTOK'), 'nobody', 'TikTok''s parcels are not EasyPost''s');

-- TikTok's own parcels follow their order, and no others.
create table tests.follows (number text, order_status text, tiktok_status text, before text, becomes text);
insert into tests.follows
values
  ('t1', 'in_transit', 'IN_TRANSIT', 'purchased', 'in_transit'),
  ('t2', 'delivered', 'DELIVERED', 'purchased', 'delivered'),
  ('t3', 'delivered', 'DELIVERED', 'in_transit', 'delivered'),
  ('t4', 'in_transit', 'IN_TRANSIT', 'out_for_delivery', 'out_for_delivery'),
  ('t5', 'in_transit', 'IN_TRANSIT', 'delivered', 'delivered'),
  ('t6', 'delivered', 'DELIVERED', 'returned', 'returned'),
  ('t7', 'delivered', 'DELIVERED', 'voided', 'voided'),
  ('t8', 'awaiting_collection', 'AWAITING_COLLECTION', 'purchased', 'purchased'),
  ('t9', 'cancelled', 'CANCELLED', 'purchased', 'purchased'),
  ('t10', 'completed', 'COMPLETED', 'in_transit', 'in_transit'),
  -- TikTok says where it is, also where our order does not go along.
  ('t11', 'cancelled', 'IN_TRANSIT', 'purchased', 'in_transit'),
  ('t12', 'delivered', 'IN_TRANSIT', 'purchased', 'in_transit');
select tests.order_to_ship('ada', number, '{"shipping_type": "TIKTOK"}') from tests.follows;
select tests.buy('ada', number, number) from tests.follows;
update public.shipments set status = before, tracked_at = now() - interval '1 day'
from tests.follows where shipments.id = tests.purchase(number);
select tests.reaches(
  'service_role', 1,
  'update public.orders set tiktok_status = ''IN_TRANSIT'', order_status = ''in_transit'', tiktok_updated_at = tiktok_updated_at + interval ''1 s'' where tiktok_order_id = ''t1''',
  'the backend may change such an order'
);
update public.orders
set tiktok_status = follows.tiktok_status, order_status = follows.order_status,
    tiktok_updated_at = tiktok_updated_at + interval '1 s'
from tests.follows where tiktok_order_id = number;
select is(tests.parcel(number), becomes, concat_ws(' ', 'TikTok''s parcel that is', before, 'when its order is', tiktok_status))
from tests.follows;
select is(
  (select string_agg(number, ' ' order by number collate "C")
   from tests.follows join public.shipments on shipments.id = tests.purchase(number)
   where tracked_at = now()),
  't1 t11 t12 t2 t3', 'those that moved were heard of'
);
select is(tests.parcel('g1'), 'purchased', 'the parcel of another order stays where it is');
select tests.order_to_ship('ada', 'own', '{}');
select tests.buy('ada', 'own', 'own');
insert into public.shipments (order_id, carrier, service_type) values (tests.order_id('own'), 'UPS', 'somebody''s');
update public.orders set tiktok_status = 'DELIVERED', order_status = 'delivered' where tiktok_order_id = 'own';
select is(
  (select string_agg(service_type || ' ' || status, ', ' order by service_type) from public.shipments
   where order_id = tests.order_id('own')),
  'Priority purchased, somebody''s created', 'EasyPost''s parcels do not follow, nor do those of nobody'
);
-- The same through the front door.
select is(tests.ingest('ada', 'door', '{"shipping_type": "TIKTOK", "order_items": [{"line_item_ids": ["door-1"]}]}'), 'inserted', 'an order comes in');
select tests.buy('ada', 'door', 'door');
select is(
  tests.ingest('ada', 'door', '{"tiktok_status": "IN_TRANSIT", "order_status": "in_transit", "tiktok_updated_at": "2026-11-02T00:00:00Z"}'),
  'updated', 'TikTok says that it is on its way'
);
select is(tests.parcel('door'), 'in_transit', 'so is its parcel');
select is(
  tests.ingest('ada', 'door', '{"tiktok_status": "IN_TRANSIT", "order_status": "in_transit", "tiktok_updated_at": "2026-11-03T00:00:00Z"}'),
  'updated', 'TikTok says the same again'
);
select is(tests.parcel('door'), 'in_transit', 'which it is still');
select is(
  tests.ingest('ada', 'door', '{"tiktok_status": "DELIVERED", "order_status": "delivered", "tiktok_updated_at": "2026-11-04T00:00:00Z"}'),
  'updated', 'it arrives'
);
select is(tests.parcel('door'), 'delivered', 'and is delivered');

select * from finish();
rollback;
