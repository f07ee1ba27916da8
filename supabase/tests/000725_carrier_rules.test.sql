-- Carriers that a market refuses, and cancelled units.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');
update public.tiktok_shops set region = 'DE' where id = tests.shop('bob');
select tests.order_to_ship('ada', 'a');
select tests.order_to_ship('ada', 'by tiktok', '{"shipping_type": "TIKTOK"}');
select tests.order_to_ship('bob', 'b');

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || regexp_replace(statement, '\(''.*', '(...)'))
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.carrier_rules',
  'insert into private.carrier_rules (region, shipping_type, provider, carrier) values (''US'', ''SELLER'', ''easypost'', ''UPS'')',
  'delete from private.carrier_rules',
  'select private.plain_carrier(''a'')',
  'select private.refused_carriers(null::public.orders, ''easypost'')',
  'select private.is_carrier_refused(null::public.orders, ''easypost'', ''UPS'')',
  'select private.cancelled_line_item_ids(null::public.orders)'
]) as statement;
select tests.reaches('service_role', 2, 'select * from private.carrier_rules', 'the backend reads the rules');
select tests.refused('service_role', 'delete from private.carrier_rules', 'and operators change them');

-- Which carriers.
create function tests.carrier_refused(number text, provider text, carrier text)
returns text
language sql
as $$
  select tests.run_as('service_role', format(
    'select private.is_carrier_refused(orders, %L, %L) from public.orders where id = %L',
    provider, carrier, tests.order_id(number)
  ));
$$;
select is(tests.carrier_refused(number, provider, carrier), refused::text, concat_ws(' ', number, provider, carrier))
from (
  values
    ('a', 'easypost', 'USPS', true),
    ('a', 'easypost', 'USPSReturns', true),
    ('a', 'easypost', 'Usps Ship', true),
    ('a', 'easypost', 'U.S.P.S.', true),
    ('a', 'easypost', 'UPSDAP', false),
    ('a', 'easypost', 'FedExSmartPost', false),
    ('a', 'easypost', null, false),
    ('a', 'tiktok_shipping', 'USPS', false),
    ('a', 'own', 'USPS', true),
    ('a', 'own', 'UPS', false),
    ('b', 'own', 'USPS', false),
    ('by tiktok', 'tiktok_shipping', 'USPS', false),
    ('b', 'easypost', 'USPS', false)
) as tried (number, provider, carrier, refused);

-- Buying.
select is(
  tests.requested('ada', 'a', 'by name', '{"service": "USPS/GroundAdvantage"}'),
  'refused carrier_not_accepted', 'a refused carrier is refused by name'
);
select tests.add_rate('before the rule', 'a');
select is(tests.requested('bob', 'b', 'in germany', '{"service": "USPS/GroundAdvantage"}'), 'requested', 'not in another region');
select is(tests.requested('ada', 'a', 'cheapest'), 'requested', 'nor is the cheapest');
select is(
  tests.call(format('get_label_purchase(%L)', tests.purchase('cheapest'))) -> 'refused_carriers', '["USPS"]',
  'the purchase says which carriers it may not use'
);
insert into private.carrier_rules (region, shipping_type, provider, carrier) values ('US', 'SELLER', 'easypost', 'UPS');
select is(
  tests.start('cheapest', 1, '{"carrier": "UPSDAP"}'), 'refused carrier_not_accepted',
  'a rule that is added meanwhile holds at the last step before money is spent'
);
select is(tests.label_state('cheapest'), 'requested 1', 'which starts nothing');
select tests.fail('cheapest', 1);
select is(
  tests.requested('ada', 'a', 'at a rate', tests.rate('before the rule')), 'refused carrier_not_accepted',
  'and it holds for rates from before'
);
delete from private.carrier_rules where carrier = 'UPS';
select is(tests.requested('ada', 'a', 'at a rate', tests.rate('before the rule')), 'requested', 'until it is deleted');
select is(tests.start('at a rate', 1, '{"carrier": "UPSDAP"}'), 'started', 'the label is bought');
select throws_ok(
  'insert into private.carrier_rules (region, shipping_type, provider, carrier) values (''US'', ''SELLER'', ''easypost'', '' '')',
  '23514', null, 'a rule that would refuse every carrier is refused'
);

-- Cancelled units.
select tests.order_to_ship('ada', 'c', '{"order_items": [{"line_item_ids": ["c-1"], "cancelled_line_item_ids": ["c-2"]}]}');
select tests.order_to_ship('ada', 'd', '{"order_items": [{"line_item_ids": [], "cancelled_line_item_ids": ["d-1"]}]}');
select is(
  tests.requested('ada', 'c', 'cancelled', '{"line_item_ids": ["c-1", "c-2"]}'), 'refused unit_cancelled',
  'a label for a cancelled unit is refused'
);
select is(tests.requested('ada', 'd', 'all'), 'refused no_unit_left', 'and one for an order whose units are all cancelled');
select tests.buy('ada', 'c', 'rest');
select is(tests.labelled('c'), '1:rest', 'the rest gets a label');
select is(tests.order_state('c'), 'awaiting_collection AWAITING_SHIPMENT', 'with which the order is complete');

select * from finish();
rollback;
