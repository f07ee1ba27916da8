-- Orders to ship, and the rates that are stored for them.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.order_to_ship('bob', 'b');

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || regexp_replace(statement, '\(''.*', '(...)'))
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.senders',
  'insert into private.senders (tiktok_shop_id, user_id, address) select id, user_id, ''{}'' from public.tiktok_shops',
  'select * from private.label_rates',
  'delete from private.label_rates',
  format('select private.order_line_item_ids(null::public.orders)'),
  'select private.label_refusal(null::public.orders, ''easypost'')',
  'select private.shop_of_order(null::public.orders)',
  'select private.order_to_ship(null::public.orders)',
  format('select public.get_order_to_ship(%L, %L)', tests.id('ada'), tests.order_id('a')),
  format('select public.store_label_rates(%L, ''{}'', ''{}'', ''[]'')', tests.order_id('a'))
]) as statement;
select tests.reaches('service_role', 1, statement, 'the backend can: ' || regexp_replace(statement, '\(''.*', '(...)'))
from unnest(array[
  format('select public.get_order_to_ship(%L, %L)', tests.id('ada'), tests.order_id('a')),
  format('select public.store_label_rates(%L, ''{}'', ''{}'', ''[]'')', tests.order_id('a'))
]) as statement;
select tests.refused('service_role', statement, 'not even the backend can: ' || statement)
from unnest(array[
  'delete from private.senders', 'delete from private.label_rates',
  'update private.label_rates set price = 0'
]) as statement;

-- The order, as buying needs it.
create function tests.to_ship(nickname text, number text)
returns jsonb
language sql
as $$
  select tests.call(format('get_order_to_ship(%L, %L)', tests.id(nickname), tests.order_id(number)));
$$;
select is(
  tests.to_ship('ada', 'a'),
  jsonb_build_object(
    'provider', 'easypost',
    'refused_carriers', '["USPS"]'::jsonb,
    'line_item_ids', '["a-1", "a-2", "a-3"]'::jsonb,
    'order', jsonb_build_object(
      'id', tests.order_id('a'),
      'tiktok_order_id', 'a',
      'shipping_type', 'SELLER',
      'shipping_address', '{"city": "Portland"}'::jsonb,
      'line_item_ids', '["a-1", "a-2", "a-3"]'::jsonb,
      'cancelled_line_item_ids', '[]'::jsonb,
      'shop', jsonb_build_object(
        'id', tests.shop('ada'),
        'shop_id', tests.shop_id('ada'),
        'shop_cipher', 'cipher',
        'access_token', tests.encrypted('access'),
        'token_version', 1, 'paused_seconds', null,
        'region', 'US'
      ),
      'sender', null,
      'address_digest', (select private.address_digest(orders) from public.orders where id = tests.order_id('a')),
      'tracking_numbers', '[]'::jsonb
    )
  ),
  'an order with its units in order, and the connection of its shop'
);
select is(tests.to_ship('bob', 'a'), '"PT404"', 'another seller has no such order');
select is(tests.to_ship('ada', 'nowhere'), '"PT404"', 'nor has anybody one that is not there');
select tests.order_to_ship('ada', 'by tiktok', '{"shipping_type": "TIKTOK", "address_status": "masked"}');
select is(
  tests.to_ship('ada', 'by tiktok') ->> 'provider', 'tiktok_shipping',
  'where TikTok ships, its own labels are bought, for which no address is needed'
);
select tests.order_to_ship('ada', 'empty', '{"order_items": []}');
select is(tests.to_ship('ada', 'empty') ->> 'refusal', 'line_items_unknown', 'an order that has no units yet cannot be shipped');

-- Why not.
create table tests.refusals (number text, changes jsonb, provider text, code text);
insert into tests.refusals
values
  ('r1', '{"order_status": "cancelled"}', 'easypost', 'order_cancelled'),
  ('by tiktok''s warehouse', '{"fulfillment_type": "FULFILLMENT_BY_TIKTOK"}', 'easypost', 'fulfilled_by_tiktok'),
  ('by tokopedia''s', '{"fulfillment_type": "FULFILLMENT_BY_DILAYANI_TOKOPEDIA", "shipping_type": "TIKTOK"}', 'tiktok_shipping', 'fulfilled_by_tiktok'),
  ('r2', '{"payment_status": "refunded"}', 'easypost', 'order_refunded'),
  ('r3', '{"payment_status": "cancelled"}', 'easypost', 'order_refunded'),
  ('r4', '{"order_status": "received"}', 'easypost', 'order_unpaid'),
  ('r5', '{"order_status": "on_hold"}', 'easypost', 'order_on_hold'),
  ('r6', '{"order_status": "delivered"}', 'easypost', 'already_shipped'),
  ('r7', '{"order_status": "completed"}', 'easypost', 'already_shipped'),
  ('r8', '{"shipping_type": null}', 'easypost', 'shipping_type_unknown'),
  ('r9', '{"shipping_type": "TIKTOK"}', 'easypost', 'tiktok_label_required'),
  ('r10', '{}', 'tiktok_shipping', 'tiktok_label_unavailable'),
  ('r11', '{"address_status": "masked"}', 'easypost', 'address_masked'),
  ('r12', '{"address_status": "none"}', 'easypost', 'address_missing'),
  ('r13', '{"order_status": "awaiting_collection"}', 'easypost', 'already_shipped'),
  ('r14', '{"order_status": "in_transit"}', 'easypost', 'already_shipped'),
  -- More than one reason: the first one that the seller can do nothing about.
  ('r15', '{"order_status": "cancelled", "payment_status": "refunded", "shipping_type": null}', 'easypost', 'order_cancelled'),
  ('r16', '{"order_status": "delivered", "payment_status": "refunded"}', 'easypost', 'order_refunded'),
  ('ok1', '{}', 'easypost', null),
  ('ok2', '{"payment_status": "partially_refunded"}', 'easypost', null),
  ('ok3', '{"payment_status": "pending"}', 'easypost', null),
  ('ok4', '{"order_status": "partially_shipped"}', 'easypost', null),
  ('ok5', '{"shipping_type": "TIKTOK"}', 'tiktok_shipping', null),
  ('ok6', '{"shipping_type": "TIKTOK", "address_status": "none"}', 'tiktok_shipping', null);
select tests.order_to_ship('ada', number, changes) from tests.refusals;
select is(
  tests.run_as('service_role', format(
    'select private.label_refusal(orders, %L) from public.orders where id = %L', provider, tests.order_id(number)
  )),
  code,
  concat_ws(' ', provider, 'for', changes, 'is', coalesce(code, 'fine'))
)
from tests.refusals;
select is(
  tests.to_ship('ada', number) - 'order_ids' - 'tiktok_order_ids', jsonb_build_object('refusal', code),
  'nothing else is said of an order that is refused: ' || code
)
from tests.refusals
-- These two depend on the provider; the function chooses the right one.
where code is not null and number not in ('r9', 'r10');
select ok(tests.to_ship('ada', number) ? 'order', number || ' gets the right provider')
from tests.refusals where number in ('r9', 'r10');

-- An order that is under way may get another label only in the place of ours.
insert into public.shipments (order_id, carrier, service_type) values (tests.order_id('r13'), 'UPS', 'Ground');
select is(
  tests.to_ship('ada', 'r13') ->> 'refusal', 'already_shipped', 'a parcel without a label of ours is not ours'
);
update public.shipments set provider = 'easypost', status = 'voided' where order_id = tests.order_id('r13');
select ok(tests.to_ship('ada', 'r13') ? 'order', 'a label of ours that was voided is replaced');
select is(tests.to_ship('ada', 'r14') ->> 'refusal', 'already_shipped', 'but only of the same order');

-- Storing prices.
create function tests.rates(number text, sender jsonb default null)
returns jsonb
language sql
as $$
  select tests.call(format(
    'store_label_rates(%L, ''{"weight": "1.5"}'', %L, %L)', tests.order_id(number), sender,
    '[
      {"provider": "easypost", "carrier": "UPS", "service": "Ground", "service_name": "Ground", "price": "10.00",
       "currency": "USD", "days_min": 1, "days_max": 5, "is_default": false, "carrier_shipment_id": "shp_1",
       "carrier_rate_id": "rate_1"},
      {"provider": "easypost", "carrier": "USPS", "service": "Priority", "service_name": "Priority", "price": "9.10",
       "currency": "USD", "days_max": 3, "is_default": true, "carrier_shipment_id": "shp_1",
       "carrier_rate_id": "rate_2"},
      {"provider": "tiktok_shipping", "carrier": "TikTok", "service": "77", "service_name": "Standard",
       "is_default": false},
      {"provider": "easypost", "carrier": "USPS", "service": "Express", "service_name": "Express", "price": "9.10",
       "currency": "USD", "days_max": 2, "is_default": false, "carrier_shipment_id": "shp_1",
       "carrier_rate_id": "rate_3"}
    ]'
  ));
$$;
create table tests.stored as select tests.rates('a', '{"city": "Ada''s"}') as rates;
select is(
  (select string_agg(concat_ws(' ', rate ->> 'service', coalesce(rate ->> 'price', '?')), ', ' order by place)
   from tests.stored, jsonb_array_elements(rates) with ordinality as entry (rate, place)),
  'Express 9.10, Priority 9.10, Ground 10.00, 77 ?',
  'the cheapest come first, of these the fastest; those without a price come last'
);
select is(
  (rates -> 0) - 'rate_id',
  jsonb_build_object(
    'provider', 'easypost', 'carrier', 'USPS', 'service', 'Express', 'service_name', 'Express',
    'price', '9.10', 'currency', 'USD', 'days_min', null, 'days_max', 2, 'is_default', false,
    'expires_at', now() + interval '1 hour'
  ),
  'a rate as the seller sees it: for an hour, its price a decimal string, nothing of the provider''s ids'
)
from tests.stored;
select results_eq(
  $$select rate.order_id, rate.price, rate.currency, rate.parcel, rate.carrier_shipment_id, rate.carrier_rate_id,
      rate.is_default, rate.expires_at
    from tests.stored
    join private.label_rates as rate on rate.id = (rates #>> '{1,rate_id}')::uuid$$,
  $$values (tests.order_id('a'), 9.10, 'USD', '{"weight": "1.5"}'::jsonb, 'shp_1', 'rate_2', true,
      now() + interval '1 hour')$$,
  'rate_id names what was stored'
);
select is((select count(*) from private.label_rates), 4::bigint, 'all of them');
select is(
  tests.call(format('store_label_rates(%L, ''{}'', null, ''[]'')', tests.order_id('a'))), '[]',
  'there may be none'
);
select is((select count(*) from private.label_rates), 4::bigint, 'then none is stored');

-- The sender address belongs to the shop.
select is(tests.to_ship('ada', 'a') #> '{order,sender}', '{"city": "Ada''s"}', 'the sender is kept');
select is(tests.to_ship('ada', 'ok1') #> '{order,sender}', '{"city": "Ada''s"}', 'for all orders of the shop');
select is(tests.to_ship('bob', 'b') #> '{order,sender}', 'null', 'and for no other shop');
create table tests.again as select tests.rates('a');
select is(tests.to_ship('ada', 'a') #> '{order,sender}', '{"city": "Ada''s"}', 'asking without one keeps it');
create table tests.moved as select tests.rates('a', '{"city": "Eugene"}');
select is(tests.to_ship('ada', 'a') #> '{order,sender}', '{"city": "Eugene"}', 'a new one takes its place');
select is((select count(*) from private.senders), 1::bigint, 'one for each shop');

-- Checks.
select is(
  tests.call(format(
    'store_label_rates(%L, ''{}'', null, %L)', tests.order_id('a'),
    jsonb_build_array(
      '{"provider": "easypost", "carrier": "c", "service": "s", "service_name": "n", "is_default": false}'::jsonb || wrong::jsonb
    )
  )),
  to_jsonb(code), wrong || ' is not a rate'
)
from (
  values
    ('{"provider": "ups"}', '23514'),
    ('{"price": "1.00"}', '23514'),
    ('{"currency": "USD"}', '23514'),
    ('{"price": "-0.01", "currency": "USD"}', '23514'),
    ('{"price": "cheap", "currency": "USD"}', '22P02'),
    ('{"carrier": null}', '23502'),
    ('{"is_default": null}', '23502')
) as rates (wrong, code);
select is(
  tests.call(format('store_label_rates(%L, ''{}'', ''"Portland"'', ''[]'')', tests.order_id('a'))), '"23514"',
  'a sender is an object'
);
select is(tests.to_ship('ada', 'a') #> '{order,sender}', '{"city": "Eugene"}', 'what is refused changes nothing');
select is((select count(*) from private.label_rates), 12::bigint, 'and stores nothing');

-- A shop that TikTok has deactivated, and one that is not connected.
update public.tiktok_shops set connection_status = 'paused', status_reason = 'shop_inactive', probe_at = now() where id = tests.shop('ada');
select is(tests.to_ship('ada', 'a') ->> 'refusal', 'shop_paused', 'a paused shop gets no rates either');
select tests.run_as('service_role', format(
  'select public.disconnect_tiktok_shop(%L, %L)', tests.id('ada'), tests.shop('ada')
));
update public.orders set address_status = 'none' where id = tests.order_id('a');
select is(tests.to_ship('ada', 'a') ->> 'refusal', 'shop_not_connected', 'for a shop that is not connected nothing is bought, also after its data was removed');
select is(tests.requested('ada', 'a', 'gone'), 'refused shop_not_connected', 'a label is refused in the same way');

-- Deletion.
delete from public.orders where id = tests.order_id('a');
select is_empty('select * from private.label_rates', 'with an order go its rates');
delete from public.tiktok_shops where id = tests.shop('ada');
select is_empty('select * from private.senders', 'with a shop goes its sender');

select * from finish();
rollback;
