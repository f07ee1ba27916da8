-- TikTok parcels follow their order.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'g', '{"shipping_type": "TIKTOK"}');
select tests.buy('ada', 'g', 'g1');

-- TikTok parcels follow their order, and no others.
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
insert into public.shipments (order_id, carrier, service_type) values (tests.order_id('own'), 'UPS', 'foreign');
update public.orders set tiktok_status = 'DELIVERED', order_status = 'delivered' where tiktok_order_id = 'own';
select is(
  (select string_agg(service_type || ' ' || status, ', ' order by service_type) from public.shipments
   where order_id = tests.order_id('own')),
  'Priority purchased, foreign created', 'EasyPost parcels do not follow, nor do foreign ones'
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
