-- Labels for orders that TikTok combined.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');
select tests.connect_shop('ada');
select tests.connect_shop('bob');

select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select private.combine_group_of(null::public.orders)',
  'select private.combined_orders(null::public.orders)',
  'select private.shipments_of_order(null)',
  'select private.unstored_combined_orders(null::public.orders)',
  'select private.order_package_ids(null)',
  'select private.lock_orders(null, null)',
  'select private.lock_orders_of_purchase(null)',
  'select private.choose_parcel(null, null, null, null, null)',
  'select private.named_order_ids(null, null)',
  'select private.order_of_unit(null, null)',
  'select private.orders_in_parcel(null)',
  'select private.enqueue_order_reads(null)',
  'select private.record_parcel_change(null, null, null)',
  'insert into public.shipment_orders (shipment_id, order_id) values (gen_random_uuid(), gen_random_uuid())'
]) as statement;

create function tests.ids(variadic numbers text[])
returns jsonb
language sql
stable
as $$
  select jsonb_build_object('order_ids', jsonb_agg(tests.order_id(number))) from unnest(numbers) as number;
$$;

-- A group.
select tests.order_to_ship('ada', number, '{"combine_group_id": "7"}') from unnest(array['a', 'b']) as number;
select tests.order_to_ship('ada', 'gone', '{"combine_group_id": "7", "order_status": "cancelled"}');
select tests.order_to_ship('ada', 'other');
select tests.order_to_ship('bob', 'foreign', '{"combine_group_id": "7"}');
select is(tests.requested('ada', 'a', 'alone'), 'refused order_combined', 'an order of a group gets no label alone');
select is(
  tests.request('ada', 'a', 'alone') -> 'order_ids', jsonb_build_array(tests.order_id('b')),
  'the others are named: no cancelled one, and no other seller''s'
);
select is(tests.requested('ada', 'a', 'part', '{"line_item_ids": ["a-1"]}'), 'refused order_combined', 'nor does a part of it');
select is(
  tests.requested('ada', 'a', 'part of all', tests.ids('a', 'b') || '{"line_item_ids": ["a-1", "b-1"]}'),
  'refused order_combined', 'nor a part of the group'
);
select is(
  tests.requested('ada', 'a', 'too many', tests.ids('a', 'b', 'other')), 'refused orders_not_combined',
  'an order outside the group is not put into its parcel'
);
select is(tests.requested('ada', 'other', 'not', tests.ids('a')), 'refused orders_not_combined', 'nor into another one');
select is(tests.requested('ada', 'a', 'foreign', tests.ids('b', 'foreign')), 'PT404', 'least of all another seller''s');
select is(
  tests.call(format('get_order_to_ship(%L, %L)', tests.id('ada'), tests.order_id('b'))),
  jsonb_build_object('refusal', 'order_combined', 'order_ids', jsonb_build_array(tests.order_id('a')), 'tiktok_order_ids', null),
  'rates are refused in the same way'
);
select is(
  tests.call(format('get_order_to_ship(%L, %L, %L)', tests.id('ada'), tests.order_id('b'), tests.ids('a'))) -> 'line_item_ids',
  '["b-1", "b-2", "b-3", "a-1", "a-2", "a-3"]', 'and given for every unit of the group'
);
select is((select count(*) from private.label_purchases), 0::bigint, 'nothing is stored so far');

-- One label for all.
select tests.buy('ada', 'a', 'all', tests.ids('b'), '{"shipping_cost": "7.10"}');
select is(tests.labelled(number), '1:all 2:all 3:all', 'every unit of ' || number || ' has this label')
from unnest(array['a', 'b']) as number;
select is(tests.order_state(number), 'awaiting_collection AWAITING_SHIPMENT', number || ' moves')
from unnest(array['a', 'b']) as number;
select is(tests.timeline(number), 'LABEL_PURCHASED awaiting_collection', 'the timeline of ' || number || ' says so')
from unnest(array['a', 'b']) as number;
select results_eq(
  'select order_id, shipping_cost from public.shipments', $$values (tests.order_id('a'), 7.10)$$,
  'one shipment, and its cost once'
);
select is(
  tests.run_as('ada', 'select count(*) from public.shipment_orders'), '2', 'the seller sees both orders of it'
);
select is(tests.run_as('bob', 'select count(*) from public.shipment_orders'), '0', 'another seller sees none');
select is(
  tests.call(format('list_shipments(%L, %L)', tests.id('ada'), tests.order_id('b'))) #> '{0,order_ids}',
  jsonb_build_array(tests.order_id('a'), tests.order_id('b')), 'it is listed for the second order too'
);
select is(
  tests.call(format('get_label_purchase(%L)', tests.purchase('all'))) #> '{orders,1,line_item_ids}',
  '["b-1", "b-2", "b-3"]', 'the worker knows which unit is of which order'
);
select is(tests.tasks('all'), 'MARK_SHIPPED', 'one task notifies TikTok of all');
select is(tests.requested('ada', 'a', 'all', tests.ids('b')), 'exists', 'the same request names the same label');
select is(tests.requested('ada', 'b', 'again', tests.ids('a')), 'refused already_shipped', 'no second label');
select tests.track('all', '{"status": "in_transit"}');
select is(tests.order_state(number), 'in_transit AWAITING_SHIPMENT', number || ' moves with the parcel')
from unnest(array['a', 'b']) as number;

-- Failed, voided, bought again.
select tests.order_to_ship('ada', number, '{"combine_group_id": "8"}') from unnest(array['c', 'd']) as number;
select tests.request('ada', 'c', 'first', tests.ids('c', 'd'));
select is(tests.requested('ada', 'd', 'rival', tests.ids('c')), 'refused line_items_labelled', 'two requests buy one label');
select tests.start('first');
select tests.fail('first', 1);
select is(tests.labelled(number), 'none', 'a failed purchase frees ' || number) from unnest(array['c', 'd']) as number;
select tests.buy('ada', 'd', 'second', tests.ids('c'));
select tests.void('ada', 'second');
select tests.settle_void('second', 'voided');
select is(tests.order_state(number) || ' ' || tests.labelled(number), 'awaiting_shipment AWAITING_SHIPMENT none', 'a voided one frees ' || number)
from unnest(array['c', 'd']) as number;
select is(tests.requested('ada', 'c', 'third', tests.ids('d')), 'requested', 'then another label is bought');
select tests.start('third');
select tests.mark_unknown('third', 1);
update public.orders set order_items = '[{"line_item_ids": ["d-1"], "cancelled_line_item_ids": ["d-2", "d-3"]}]' where tiktok_order_id = 'd';
update public.orders set order_status = 'cancelled' where tiktok_order_id = 'c';
select tests.finish_label('third');
select is(tests.labelled('d'), '1:third 2:third 3:third', 'each unit stays with its order, also a cancelled one');
select is(
  (select concat_ws(' ', advice, advice_reason) from public.shipments where id = tests.purchase('third')),
  'void_advised unit_cancelled', 'of a parcel with another order, a cancelled order is a part'
);
update public.orders set order_status = 'cancelled' where tiktok_order_id = 'd';
select is(
  (select advice_reason from public.shipments where id = tests.purchase('third')), 'order_cancelled',
  'until all of them are cancelled'
);

-- Outside the United States combined orders share a package.
select tests.order_to_ship('ada', number, jsonb_build_object('order_items', jsonb_build_array(jsonb_build_object(
  'line_item_ids', jsonb_build_array(number || '-1'),
  'units', jsonb_build_array(jsonb_build_object('line_item_id', number || '-1', 'package_id', 'p' || place))
))))
from (values ('e', 1), ('f', 1), ('g', 2)) as placed (number, place);
select is(tests.requested('ada', 'e', 'half a package'), 'refused order_combined', 'no label for a part of a package');
select is(tests.requested('ada', 'e', 'package', tests.ids('f')), 'requested', 'one for the whole package');
select is(tests.requested('ada', 'g', 'own package'), 'requested', 'an order with a package of its own is alone');

-- There TikTok's own label is bought for one package: a group is advice, which the seller may leave.
update public.tiktok_shops set region = 'GB' where id = tests.shop('bob');
select tests.order_to_ship('bob', number, '{"combine_group_id": "12", "shipping_type": "TIKTOK"}')
from unnest(array['o', 'p']) as number;
select private.hold_order(tests.shop_id('bob'), tests.order_json('held abroad', '{"combine_group_id": "12"}'));
select is(tests.requested('bob', 'o', 'abroad', '{"service": "default"}'), 'requested', 'its orders get a label each');
select is(
  tests.requested('bob', 'p', 'both abroad', tests.ids('o') || '{"service": "default"}'), 'refused orders_not_combined',
  'and none together'
);
update public.tiktok_shops set region = null where id = tests.shop('bob');
select is(
  tests.requested('bob', 'p', 'unknown region', '{"service": "default"}'), 'refused order_combined',
  'a shop without a region counts as American'
);

-- Orders of the group that are not stored.
create function tests.combined(nickname text, number text, others jsonb default '{}')
returns text
language sql
as $$
  select concat_ws(' ', answer ->> 'code', answer ->> 'order_ids', answer ->> 'tiktok_order_ids')
  from tests.request(nickname, number, gen_random_uuid()::text, others) as answer;
$$;
select tests.order_to_ship('ada', 'h', '{"combine_group_id": "9"}');
-- TikTok names the group with its first order, perhaps hours before the next one.
select is(
  tests.call(format('get_order_to_ship(%L, %L)', tests.id('ada'), tests.order_id('h'))) -> 'line_item_ids',
  '["h-1", "h-2", "h-3"]', 'the only order of a group is alone'
);
select private.hold_order(tests.shop_id('ada'), tests.order_json('held', '{"combine_group_id": "9"}'));
select is(tests.combined('ada', 'h'), 'order_combined [] ["held"]', 'an order that waits for a place is named');
select tests.order_to_ship('ada', 'i', '{"combine_group_id": "9"}');
select is(
  tests.combined('ada', 'h', tests.ids('i')), format('order_combined ["%s"] ["held"]', tests.order_id('i')),
  'two of three orders are a part'
);
select is(
  tests.call(format('get_order_to_ship(%L, %L)', tests.id('ada'), tests.order_id('h'))) -> 'tiktok_order_ids', '["held"]',
  'rates are refused in the same way'
);
select is((select count(*) from private.label_purchases where order_id = tests.order_id('h')), 0::bigint, 'nothing is stored');
update private.held_orders set order_status = 'cancelled' where tiktok_order_id = 'held';
select is(tests.requested('ada', 'h', 'of two', tests.ids('i')), 'requested', 'a cancelled one has left the group');
select tests.order_to_ship('ada', 'j', '{"combine_group_id": "10"}');
select tests.order_to_ship('ada', 'k', '{"combine_group_id": "10", "order_status": "cancelled"}');
select is(tests.requested('ada', 'j', 'last'), 'requested', 'so has a stored one: the last order is alone');
select tests.order_to_ship('ada', 'l', '{"order_items": [{"line_item_ids": ["l-1"], "units": [{"package_id": "p3"}]}]}');
select private.hold_order(
  tests.shop_id('ada'), tests.order_json('packed', '{"order_items": [{"units": [{"package_id": "p3"}]}]}')
);
select is(tests.combined('ada', 'l'), 'order_combined [] ["packed"]', 'nor a part of a package whose other order waits');

-- Combined after one of them got a label.
select tests.order_to_ship('ada', number) from unnest(array['m', 'n']) as number;
select tests.buy('ada', 'm', 'before');
update public.orders set combine_group_id = '11' where tiktok_order_id in ('m', 'n');
select is(
  tests.combined('ada', 'n'), format('order_combined ["%s"]', tests.order_id('m')),
  'TikTok does not know its label yet: the other one is a part'
);
update public.orders set tiktok_status = 'IN_TRANSIT' where tiktok_order_id = 'm';
select is(tests.requested('ada', 'n', 'after'), 'requested', 'it does: the labelled order has left the group');

select * from finish();
rollback;
