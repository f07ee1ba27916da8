-- An order is complete without its cancelled units.
begin;
\ir helpers.psql
\ir label_helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');

create function tests.cancel(number text, units text[])
returns text
language sql
as $$
  select tests.ingest('ada', number, jsonb_build_object(
    'tiktok_updated_at', now() + interval '1 minute',
    'order_items', (
      select jsonb_agg(jsonb_build_object(
        'line_item_ids', case when unit.id = any (units) then '[]' else jsonb_build_array(unit.id) end,
        'cancelled_line_item_ids', case when unit.id = any (units) then jsonb_build_array(unit.id) else '[]' end,
        'units', jsonb_build_array(jsonb_build_object('line_item_id', unit.id, 'cancelled_by', 'BUYER'))
      ))
      from unnest(array[number || '-1', number || '-2', number || '-3']) as unit (id)
    )
  ));
$$;

select tests.order_to_ship('ada', 'c');
select tests.requested('ada', 'c', 'c1', '{"line_item_ids": ["c-1", "c-2"]}');
select tests.start('c1');
select tests.finish_label('c1');
select is(tests.order_state('c'), 'partially_shipped AWAITING_SHIPMENT', 'one unit of three has no label');
select is(tests.cancel('c', '{c-3}'), 'updated', 'it is cancelled');
select is(tests.order_state('c'), 'awaiting_collection AWAITING_SHIPMENT', 'the order is complete without it');
select ok(
  (
    select changes @> '{"order_status": {"from": "partially_shipped", "to": "awaiting_collection"}}'
      and jsonb_array_length(changes -> 'units_cancelled') = 1
    from public.order_events where order_id = tests.order_id('c') order by id desc limit 1
  ),
  'and one entry of the timeline says both'
);

select tests.order_to_ship('ada', 'd');
select is(tests.cancel('d', '{d-3}'), 'updated', 'a unit of an order without labels is cancelled');
select is(tests.order_state('d'), 'awaiting_shipment AWAITING_SHIPMENT', 'the order waits as before');

select tests.order_to_ship('ada', 'e');
select tests.requested('ada', 'e', 'e1', '{"line_item_ids": ["e-1"]}');
select tests.start('e1');
select tests.finish_label('e1');
select is(tests.cancel('e', '{e-3}'), 'updated', 'of three units one has a label, one is cancelled');
select is(tests.order_state('e'), 'partially_shipped AWAITING_SHIPMENT', 'the third keeps the order open');

select * from finish();
rollback;
