-- Labels that are no longer wanted.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');

select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select private.advise_shipments(null::public.orders, ''order_cancelled'')',
  'select private.advise_new_shipment(null, null, null)',
  'select private.advise_double_label(null, null)',
  'select private.advice_for(''purchased'')',
  'select private.advice_rank(''order_cancelled'')',
  'select private.is_address_changed(null, null)',
  'select private.address_digest(null)',
  'update public.shipments set advice = null'
]) as statement;

create function tests.add_order(number text, address jsonb default '{"name": "Rosa", "line1": "1 Alder St", "city": "Portland"}')
returns uuid
language sql
as $$
  select tests.order_to_ship('ada', number, jsonb_build_object('shipping_address', address));
$$;

create function tests.change(number text, changes jsonb)
returns void
language sql
as $$
  update public.orders
  set order_status = coalesce(changes ->> 'order_status', order_status),
      shipping_address = coalesce(changes -> 'shipping_address', shipping_address),
      address_status = coalesce(changes ->> 'address_status', address_status),
      order_items = coalesce(changes -> 'order_items', order_items)
  where tiktok_order_id = number;
$$;

create function tests.advice(key text)
returns text
language sql
stable
as $$
  select concat_ws(
    ' ', shipment ->> 'advice', shipment ->> 'advice_reason',
    case when shipment ->> 'advised_at' is not null then 'timed' end
  )
  from (
    select private.shipment_view(purchase) from private.label_purchases as purchase where idempotency_key = key
  ) as seen (shipment);
$$;

-- The order is cancelled.
select tests.add_order(number) from unnest(array['a', 'b', 'c', 'd', 'e']) as number;
select tests.buy('ada', 'a', 'whole');
select tests.buy('ada', 'b', 'scanned');
select tests.buy('ada', 'c', 'delivered');
select is(tests.advice('whole'), '', 'a new label is wanted');
select tests.track('scanned', '{"status": "in_transit"}');
select tests.track('delivered', '{"status": "delivered"}');
select tests.change(number, '{"order_status": "cancelled"}') from unnest(array['a', 'b', 'c']) as number;
select is(tests.advice('whole'), 'void_advised order_cancelled timed', 'its label should be voided');
select is(tests.advice('scanned'), 'stop_parcel order_cancelled timed', 'a parcel that is on its way should be stopped');
select is(tests.advice('delivered'), '', 'a delivered one cannot be stopped');
select tests.track('whole', '{"status": "in_transit"}');
select is(tests.advice('whole'), 'stop_parcel order_cancelled timed', 'a parcel that is collected after the cancellation should be stopped');

-- The address changes.
select tests.buy('ada', 'd', 'moved');
select tests.change('d', '{"shipping_address": {"name": "Rosa", "line1": "1 Alder St", "city": "Portland", "phone": "1"}}');
select is(tests.advice('moved'), '', 'another phone number is the same place');
select tests.change('d', '{"shipping_address": {"name": "Rosa", "line1": "2 Alder St", "city": "Portland"}}');
select is(tests.advice('moved'), 'void_advised address_changed timed', 'a label for the old address should be voided');
select tests.void('ada', 'moved');
select tests.settle_void('moved', 'voided');
select is(tests.advice('moved'), 'address_changed timed', 'once it is voided there is nothing to do');
select tests.buy('ada', 'd', 'again');
select is(tests.advice('again'), '', 'the label for the new address is wanted');
select tests.change('d', '{"order_status": "cancelled"}');
select is(tests.advice('again'), 'void_advised order_cancelled timed', 'until the order is cancelled');

-- Masks hide no other place.
select tests.order_to_ship('ada', 'm', '{"shipping_type": "TIKTOK", "address_status": "masked",
  "shipping_address": {"name": "R***", "line1": "11***", "city": "Portland"}}');
select tests.buy('ada', 'm', 'masked');
select tests.change('m', '{"shipping_address": {"name": "***", "line1": "1***", "city": "Portland"}}');
select tests.change('m', '{"shipping_address": {"name": "***", "line1": null, "city": "P***"}}');
select is(tests.advice('masked'), '', 'a longer mask is the same place');
select tests.change('m', '{"shipping_address": {"name": "***", "city": "Portland"}}');
select tests.change('m', '{"shipping_address": {"name": "***", "city": "Salem"}}');
select is(tests.advice('masked'), 'void_advised address_changed timed', 'another readable city is');

-- A unit is cancelled.
select tests.buy('ada', 'e', 'one and two', '{"line_item_ids": ["e-1", "e-2"]}');
select tests.buy('ada', 'e', 'three', '{"line_item_ids": ["e-3"]}');
select tests.change('e', '{"order_items": [{"line_item_ids": ["e-1", "e-3"], "cancelled_line_item_ids": ["e-2"]}]}');
select is(tests.advice('one and two'), 'void_advised unit_cancelled timed', 'a parcel with a cancelled unit');
select is(tests.advice('three'), '', 'and no other parcel of its order');

-- Meanwhile.
select tests.add_order(number) from unnest(array['f', 'g', 'h']) as number;
select tests.request('ada', number, 'meanwhile ' || number) from unnest(array['f', 'g', 'h']) as number;
select tests.start('meanwhile ' || number) from unnest(array['f', 'g', 'h']) as number;
select tests.change('f', '{"order_status": "cancelled"}');
select tests.change('g', '{"shipping_address": {"name": "Rosa", "line1": "3 Alder St", "city": "Portland"}}');
select tests.change('h', '{"order_items": [{"line_item_ids": ["h-1", "h-3"], "cancelled_line_item_ids": ["h-2"]}]}');
select tests.finish_label('meanwhile ' || number) from unnest(array['f', 'g', 'h']) as number;
select is(tests.advice('meanwhile f'), 'void_advised order_cancelled timed', 'cancelled while the label was bought');
select is(tests.advice('meanwhile g'), 'void_advised address_changed timed', 'moved while the label was bought');
select is(tests.advice('meanwhile h'), 'void_advised unit_cancelled timed', 'a unit cancelled while the label was bought');
select is((select count(*) from private.label_purchases where state = 'purchased' and address_digest is not null), 0::bigint, 'no digest stays');

-- A rate for the old address is bought as a new shipment.
select tests.add_order('i');
select tests.add_rate('old address', 'i');
select tests.change('i', '{"shipping_address": {"name": "Rosa", "line1": "4 Alder St", "city": "Portland"}}');
select is(tests.requested('ada', 'i', 'at an old rate', tests.rate('old address')), 'requested', 'a rate from before the change is bought');
select is(
  (select carrier_shipment_id from private.label_purchases where idempotency_key = 'at an old rate'), null,
  'but not with the carrier shipment for the old address'
);

select * from finish();
rollback;
