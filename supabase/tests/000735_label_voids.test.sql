-- Voiding labels.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.order_to_ship('ada', 'c');
select tests.buy('ada', 'c', 'c1');
create table tests.states (state text);
insert into tests.states
values ('requested'), ('purchasing'), ('purchased'), ('failed'), ('unknown'), ('void_requested'), ('voided'),
  ('void_rejected');

-- Voiding.
select is(tests.void('bob', 'c1'), 'PT404', 'no other seller voids a label');
select is(tests.void('ada', 'nothing'), 'PT404', 'nor does its own where there is none');
select is(tests.label_state('c1'), 'purchased 1', 'it is not voided');
insert into private.label_purchases (
  user_id, order_id, idempotency_key, request_hash, provider, line_item_ids, parcel, service, label_format, state
)
select tests.id('ada'), tests.order_id('a'), 'in ' || state, 'h', 'easypost', '{a-1}', '{}', 's', 'PDF', state
from tests.states;
select is(
  tests.void('ada', 'in ' || state),
  case state when 'void_requested' then 'requested' when 'voided' then 'exists' else 'refused not_purchased' end,
  'voiding what is ' || state
)
from tests.states where state not in ('purchased', 'void_rejected');
select is(
  (select string_agg(idempotency_key || ' ' || state, ', ') from private.label_purchases
   where idempotency_key like 'in %' and idempotency_key <> 'in ' || state),
  null, 'changes nothing'
);
delete from private.label_purchases where idempotency_key like 'in %';
create table tests.underway as
select status from unnest(array[
  'in_transit', 'available_for_pickup', 'out_for_delivery', 'failed', 'delivered', 'returned', 'voided'
]) as status;
create function tests.void_at(status text)
returns text
language sql
as $$
  update public.shipments set status = void_at.status where id = tests.purchase('c1');
  select tests.void('ada', 'c1');
$$;
select is(tests.void_at(status), 'refused already_underway', 'a parcel that is ' || status || ' is not voided')
from tests.underway;
select is(tests.label_state('c1'), 'purchased 1', 'and the purchase stays');
update public.shipments set status = 'purchased' where id = tests.purchase('c1');

select is(tests.settle_void('c1', 'voided'), 'purchased', 'a label is voided only on request');
select is(tests.void('ada', 'c1'), 'requested', 'its seller wants it voided');
select is(tests.label_state('c1'), 'void_requested 1', 'that is stored');
select is(
  (select checked_at from private.label_purchases where id = tests.purchase('c1')), now(), 'the provider is being called'
);
select is(tests.void('ada', 'c1'), 'exists', 'once');
select is(tests.parcel('c1'), 'purchased', 'the parcel is not voided yet');
select is(tests.labelled('c'), '1:c1 2:c1 3:c1', 'and keeps its units');
update private.label_purchases set checked_at = now() - interval '7 hours' where id = tests.purchase('c1');
select is(tests.void('ada', 'c1'), 'requested', 'later its seller may request it again');
select is(tests.void('ada', 'c1'), 'exists', 'once');
select is(tests.settle_void('c1', 'void_requested'), 'void_requested', 'not decided yet');
select is(
  (select row(state, checked_at = now())::text from private.label_purchases where id = tests.purchase('c1')),
  '(void_requested,t)', 'to be checked again later'
);
select is(tests.labelled('c'), '1:c1 2:c1 3:c1', 'its units are its own');
select is(tests.settle_void('c1', 'void_rejected', 'used'), 'void_rejected', 'the provider says no');
select is(tests.label_state('c1'), 'void_rejected 1 used', 'and why');
select is(tests.labelled('c') || ' ' || tests.parcel('c1'), '1:c1 2:c1 3:c1 purchased', 'everything is as before');
select is(tests.order_state('c'), 'awaiting_collection AWAITING_SHIPMENT', 'the order too');
select is(tests.timeline('c'), 'LABEL_PURCHASED awaiting_collection', 'and the timeline');
select is(tests.settle_void('c1', 'voided'), 'void_rejected', 'a late yes to a request that was refused is none');
select is(tests.requested('ada', 'c', 'c1'), 'exists', 'the label exists');
update public.shipments set tiktok_notified_at = null where order_id = tests.order_id('c');
select is(tests.void('ada', 'c1'), 'requested', 'its seller requests it again');
select is(tests.label_state('c1'), 'void_requested 1', 'the old reason is forgotten');
select is(tests.settle_void('c1', 'purchased'), 'PT409', 'no answer makes it bought again');
select tests.receive_event('ada', 'voided by');
select is(
  tests.settle_void('c1', 'voided', null, (select id from private.webhook_events where external_id = 'voided by')),
  'voided', 'this time the provider says yes'
);
select is(tests.label_state('c1') || ' ' || tests.parcel('c1'), 'voided 1 voided', 'the parcel is voided');
select is(tests.event_status('voided by'), 'done', 'the event is settled');
select is(tests.labelled('c'), 'none', 'its units are free');
select is(
  tests.order_state('c'), 'awaiting_shipment AWAITING_SHIPMENT', 'the order, of which TikTok knows nothing, waits again'
);
select is(
  tests.timeline('c'), 'LABEL_PURCHASED awaiting_collection, LABEL_VOIDED awaiting_shipment', 'the timeline has it'
);
select is(tests.settle_void('c1', 'voided'), 'voided', 'voiding it twice');
select is(
  tests.timeline('c'), 'LABEL_PURCHASED awaiting_collection, LABEL_VOIDED awaiting_shipment', 'changes nothing'
);
select is(tests.void('ada', 'c1'), 'exists', 'what is voided is voided');
select is(tests.finish_label('c1') ->> 'state', 'voided', 'and not bought again');
select is(tests.requested('ada', 'c', 'c1'), 'exists', 'its key is used');
select is(tests.requested('ada', 'c', 'c2'), 'requested', 'a new key buys a new label');
select is(tests.labelled('c'), '1:c2 2:c2 3:c2', 'for the same units');

-- After TikTok was notified, TikTok decides about the order.
select tests.order_to_ship('ada', 'i');
select tests.buy('ada', 'i', 'i1');
update public.orders set tiktok_status = 'AWAITING_COLLECTION' where tiktok_order_id = 'i';
select is(tests.void('ada', 'i1') || ' ' || tests.settle_void('i1', 'voided'), 'requested voided', 'a label that TikTok knows');
select is(tests.order_state('i'), 'awaiting_collection AWAITING_COLLECTION', 'leaves the order as it is');
select is(tests.timeline('i'), 'LABEL_PURCHASED awaiting_collection, LABEL_VOIDED', 'but the timeline has it');
select is(tests.labelled('i'), 'none', 'its units are free');
select is(
  tests.ingest('ada', 'i', '{"tiktok_updated_at": "2030-01-01T00:00:00Z"}'),
  'updated', 'later TikTok takes the shipment back'
);
select is(tests.order_state('i'), 'awaiting_shipment AWAITING_SHIPMENT', 'and the order has to be shipped again');
select is(tests.requested('ada', 'i', 'i2'), 'requested', 'and get another label');

-- As long as a label is in use, only its void moves the order back.
select tests.order_to_ship('ada', 'l');
select tests.buy('ada', 'l', 'l1');
update public.orders set tiktok_status = 'AWAITING_COLLECTION' where tiktok_order_id = 'l';
select is(
  tests.ingest('ada', 'l', '{"tiktok_updated_at": "2030-01-01T00:00:00Z"}'),
  'updated', 'TikTok takes a shipment back whose label was not voided'
);
select is(tests.order_state('l'), 'awaiting_collection AWAITING_SHIPMENT', 'the order has its label');
select is(tests.void('ada', 'l1') || ' ' || tests.settle_void('l1', 'voided'), 'requested voided', 'until it is voided');
select is(tests.order_state('l'), 'awaiting_shipment AWAITING_SHIPMENT', 'then it has to be shipped');

-- One of two labels.
select tests.order_to_ship('ada', 'j', '{"tiktok_status": "PARTIALLY_SHIPPING"}');
select tests.buy('ada', 'j', 'j1', '{"line_item_ids": ["j-1"]}');
select tests.buy('ada', 'j', 'j2');
select is(tests.order_state('j'), 'awaiting_collection PARTIALLY_SHIPPING', 'an order with two labels');
select is(tests.void('ada', 'j2') || ' ' || tests.settle_void('j2', 'voided'), 'requested voided', 'one of which is voided');
select is(tests.order_state('j'), 'partially_shipped PARTIALLY_SHIPPING', 'is shipped in part');
select is(tests.labelled('j') || ' ' || tests.parcel('j1'), '1:j1 purchased', 'the other label stays');
-- One of two labels, of which TikTok was notified of the other: it still waits for the rest.
select tests.order_to_ship('ada', 'm');
select tests.buy('ada', 'm', 'm1', '{"line_item_ids": ["m-1"]}');
update public.shipments set tiktok_notified_at = now() where id = tests.purchase('m1');
select tests.buy('ada', 'm', 'm2');
update public.orders set tiktok_status = 'PARTIALLY_SHIPPING' where tiktok_order_id = 'm';
select is(tests.void('ada', 'm2') || ' ' || tests.settle_void('m2', 'voided'), 'requested voided', 'a label that TikTok does not know');
select is(tests.order_state('m'), 'partially_shipped PARTIALLY_SHIPPING', 'leaves its units to be shipped');
select tests.buy('ada', 'm', 'm3');
update public.shipments set tiktok_notified_at = now() where id = tests.purchase('m3');
select is(tests.void('ada', 'm3') || ' ' || tests.settle_void('m3', 'voided'), 'requested voided', 'a label that TikTok knows');
select tests.buy('ada', 'm', 'm4');
select is(tests.void('ada', 'm4') || ' ' || tests.settle_void('m4', 'voided'), 'requested voided', 'and the one in its place');
select is(tests.order_state('m'), 'awaiting_collection PARTIALLY_SHIPPING', 'leave the order as TikTok will say it is');

select tests.order_to_ship('ada', 'k');
select tests.buy('ada', 'k', 'k1');
update public.orders set order_status = 'cancelled', tiktok_status = 'CANCELLED' where tiktok_order_id = 'k';
select is(tests.void('ada', 'k1') || ' ' || tests.settle_void('k1', 'voided'), 'requested voided', 'the label of a cancelled order');
select is(tests.order_state('k'), 'cancelled CANCELLED', 'does not bring it back');

-- TikTok decides about its own labels: only through a connected shop.
create function tests.shown(key text)
returns text
language sql
as $$
  select concat_ws(' ', shown ->> 'state', shown ->> 'reason')
  from private.label_purchases as purchase
  cross join lateral private.shipment_view(purchase) as shown
  where idempotency_key = key;
$$;
select tests.order_to_ship('ada', 't', '{"shipping_type": "TIKTOK"}');
select tests.order_to_ship('ada', 'p', '{"shipping_type": "TIKTOK"}');
select tests.order_to_ship('ada', 'e');
select tests.buy('ada', 't', 't1');
select tests.buy('ada', 'p', 'p1');
select tests.buy('ada', 'e', 'e1');
select is(
  tests.void('ada', 'p1') || ' ' || tests.settle_void('p1', 'void_requested', 'not_asked'), 'requested void_requested',
  'TikTok was not reached'
);
select is(tests.shown('p1'), 'void_requested not_asked', 'which the seller sees');
update public.tiktok_shops set connection_status = 'disconnected', status_reason = 'by_seller',
  access_token = null, refresh_token = null
where id = tests.shop('ada');
select is(tests.void('ada', 't1'), 'refused shop_not_connected', 'without its shop no void of a TikTok label is requested');
select is(tests.label_state('t1') || ' ' || tests.shown('t1'), 'purchased 1 purchased', 'and nothing changes');
select is(tests.void('ada', 'p1'), 'refused shop_not_connected', 'nor is one requested again that is pending');
select is(tests.label_state('p1'), 'void_requested 1 not_asked', 'it stays pending');
select is(tests.shown('p1'), 'void_requested shop_not_connected', 'and the seller sees that it waits for the shop');
select is(tests.void('ada', 'e1'), 'requested', 'an EasyPost label is voided without the shop');
select is(tests.shown('e1'), 'void_requested', 'and waits for the carrier');
update public.shipments set status = 'in_transit' where id = tests.purchase('t1');
select is(tests.void('ada', 't1'), 'refused already_underway', 'a parcel on its way is not voided, with or without a shop');

select * from finish();
rollback;
