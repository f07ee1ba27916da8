-- Requests for a label that are refused.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.order_to_ship('bob', 'b');

-- Refusals because of the order.
create table tests.refusals (number text, changes jsonb, provider text, code text);
insert into tests.refusals
values
  ('r1', '{"order_status": "cancelled"}', null, 'order_cancelled'),
  ('by tiktok''s warehouse', '{"fulfillment_type": "FULFILLMENT_BY_TIKTOK"}', null, 'fulfilled_by_tiktok'),
  ('by tokopedia''s', '{"fulfillment_type": "FULFILLMENT_BY_DILAYANI_TOKOPEDIA", "shipping_type": "TIKTOK"}', 'tiktok_shipping', 'fulfilled_by_tiktok'),
  ('r2', '{"payment_status": "refunded"}', null, 'order_refunded'),
  ('r3', '{"payment_status": "cancelled"}', null, 'order_refunded'),
  ('r4', '{"order_status": "received"}', null, 'order_unpaid'),
  ('r5', '{"order_status": "on_hold"}', null, 'order_on_hold'),
  ('r6', '{"order_status": "delivered"}', null, 'already_shipped'),
  ('r7', '{"order_status": "completed"}', null, 'already_shipped'),
  ('r8', '{"shipping_type": null}', null, 'shipping_type_unknown'),
  ('r9', '{"shipping_type": "TIKTOK"}', 'easypost', 'tiktok_label_required'),
  ('r10', '{}', 'tiktok_shipping', 'tiktok_label_unavailable'),
  ('r11', '{"address_status": "masked"}', null, 'address_masked'),
  ('r12', '{"address_status": "none"}', 'easypost', 'address_missing'),
  ('r13', '{"order_status": "awaiting_collection"}', null, 'already_shipped'),
  ('r14', '{"order_status": "in_transit"}', null, 'already_shipped'),
  ('r15', '{"order_items": []}', null, 'line_items_unknown');
select tests.order_to_ship('ada', number, changes) from tests.refusals;
select is(
  tests.requested(
    'ada', number, 'key of ' || number, jsonb_strip_nulls(jsonb_build_object('provider', provider)) || '{"sender": {"city": "x"}}'
  ),
  'refused ' || code,
  concat_ws(' ', provider, 'no label for', changes)
)
from tests.refusals;
select is(tests.requested('bob', 'a', 'not his'), 'PT404', 'no label for the order of another seller');
select is(tests.requested('ada', 'nowhere', 'no order'), 'PT404', 'nor for one that is not there');

-- Refusals because of the rate.
select tests.add_rate('of a', 'a');
select tests.add_rate('old', 'a');
update private.label_rates set expires_at = now() where id = (select id from tests.rates where name = 'old');
select tests.add_rate('of b', 'b');
select is(tests.requested('ada', 'a', 'key', request), 'refused ' || code, 'no label for that rate: ' || code)
from (
  values
    (tests.rate('of b'), 'rate_not_found'),
    (jsonb_build_object('rate_id', tests.id('no rate')), 'rate_not_found'),
    (tests.rate('old'), 'rate_expired'),
    (tests.rate('of a') || '{"parcel": {"weight": "2"}}', 'rate_of_another_parcel'),
    (tests.rate('of a') || '{"provider": "tiktok_shipping"}', 'rate_of_another_provider')
) as refused (request, code);

-- Refusals because of the units.
select is(
  tests.requested('ada', 'a', 'key', '{"line_item_ids": ["a-1", "b-1"]}'), 'refused line_items_unknown',
  'no label for a unit of another order'
);
select is(
  (select count(*) from private.label_purchases) + (select count(*) from private.labelled_lines)
    + (select count(*) from private.senders) + (select count(*) from public.shipments),
  0::numeric::bigint,
  'what is refused stores nothing: no purchase, no unit, no sender, no parcel'
);
select is(tests.order_state('a'), 'awaiting_shipment AWAITING_SHIPMENT', 'and the order stays as it was');

select * from finish();
rollback;
