-- What an order has besides its state: kind, units, deadlines, notes, amounts.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');

create function tests.at(minute integer, changes jsonb)
returns jsonb
language sql
as $$
  select jsonb_build_object(
    'tiktok_updated_at', '2026-11-01T00:00:00Z'::timestamptz + make_interval(mins => minute)
  ) || changes;
$$;
create function tests.items(first_status text, second_status text)
returns jsonb
language sql
as $$
  with unit (id, status) as (values ('u1', first_status), ('u2', second_status))
  select jsonb_build_array(jsonb_build_object(
    'quantity', count(*) filter (where status <> 'CANCELLED'),
    'line_item_ids', coalesce(jsonb_agg(id) filter (where status <> 'CANCELLED'), '[]'),
    'cancelled_line_item_ids', coalesce(jsonb_agg(id) filter (where status = 'CANCELLED'), '[]'),
    'units', jsonb_agg(jsonb_build_object(
      'line_item_id', id,
      'status', status,
      'cancelled_by', case when status = 'CANCELLED' then 'BUYER' end,
      'cancel_reason', case when status = 'CANCELLED' then repeat('Ordered by mistake ', 10) end
    ))
  ))
  from unit;
$$;
create function tests.last_changes()
returns jsonb
language sql
stable
as $$
  select changes from public.order_events order by id desc limit 1;
$$;

-- A whole order.
select is(
  tests.ingest('ada', '1', '{
    "order_kind": "exchange", "related_order_id": "7", "fulfillment_type": "FULFILLMENT_BY_SELLER",
    "warehouse_id": "8", "combine_group_id": "9", "paid_at": "2026-11-01T01:00:00Z",
    "ship_by": "2026-11-03T00:00:00Z", "auto_cancel_at": "2026-11-05T00:00:00Z",
    "cancel_requested_at": "2026-11-01T02:00:00Z", "cancel_respond_by": "2026-11-02T02:00:00Z",
    "buyer_note": "Ring twice", "seller_note": "Fragile", "amounts": {"seller_discount": "2.50"}
  }'),
  'inserted',
  'an exchange'
);
create view tests.facts as
select
  order_kind, related_order_id, fulfillment_type, warehouse_id, combine_group_id, paid_at, ship_by,
  auto_cancel_at, cancel_requested_at, cancel_respond_by, buyer_note, seller_note, amounts, counts_for_plan
from public.orders where tiktok_order_id = '1';
select results_eq(
  'select * from tests.facts',
  $$values (
    'exchange', '7', 'FULFILLMENT_BY_SELLER', '8', '9', '2026-11-01T01:00:00Z'::timestamptz,
    '2026-11-03T00:00:00Z'::timestamptz, '2026-11-05T00:00:00Z'::timestamptz,
    '2026-11-01T02:00:00Z'::timestamptz, '2026-11-02T02:00:00Z'::timestamptz, 'Ring twice', 'Fragile',
    '{"seller_discount": "2.50"}'::jsonb, true
  )$$,
  'is stored whole'
);
select is(
  tests.ingest('ada', '1', tests.at(1, '{"amounts": {}}')), 'updated', 'a newer state that leaves everything out'
);
select results_eq(
  'select * from tests.facts',
  $$values (
    'exchange', '7', 'FULFILLMENT_BY_SELLER', '8', null::text, '2026-11-01T01:00:00Z'::timestamptz,
    '2026-11-03T00:00:00Z'::timestamptz, null::timestamptz, null::timestamptz, null::timestamptz,
    null::text, null::text, '{"seller_discount": "2.50"}'::jsonb, true
  )$$,
  'ends the group, the deadlines of the next step, the request and the notes, and keeps the rest'
);
select is(
  tests.last_changes(),
  '{"combine_group_id": {"from": "9", "to": null},
    "cancel_requested_at": {"from": "2026-11-01T02:00:00+00:00", "to": null}}'::jsonb,
  'and the timeline says so, without the notes'
);
select is(tests.ingest('ada', '2'), 'inserted', 'an order of which TikTok says nothing more');
select results_eq(
  $$select order_kind, amounts, counts_for_plan from public.orders where tiktok_order_id = '2'$$,
  $$values ('sale', '{}'::jsonb, true)$$,
  'is a sale'
);
select is(
  (
    select outcome.value ->> 'error'
    from jsonb_array_elements(tests.run_as('service_role', format(
      'select public.ingest_orders(%L, %L)', tests.shop('ada'), jsonb_build_array(jsonb_build_object(
        'event_id', tests.receive_event('ada', 'odd kind'),
        'order', tests.order_json('3', '{"order_kind": "present"}')
      ))
    ))::jsonb -> 'outcomes') as outcome
  ),
  '23514',
  'an unknown kind is refused'
);

-- A unit is cancelled while its order goes on.
select is(
  tests.ingest('ada', '4', jsonb_build_object('order_items', tests.items('AWAITING_SHIPMENT', 'AWAITING_SHIPMENT'))),
  'inserted',
  'an order of two units'
);
select ok(not tests.last_changes() ? 'units_cancelled', 'has no cancelled unit');
select is(
  tests.ingest('ada', '4', tests.at(1, jsonb_build_object(
    'order_items', tests.items('AWAITING_SHIPMENT', 'CANCELLED')
  ))),
  'updated',
  'one is cancelled'
);
select is(
  tests.last_changes(),
  jsonb_build_object(
    'order_items', 'changed',
    'units_cancelled', jsonb_build_array(jsonb_build_object(
      'line_item_id', 'u2', 'cancelled_by', 'BUYER', 'cancel_reason', left(repeat('Ordered by mistake ', 10), 100)
    ))
  ),
  'the timeline says which, by whom and why'
);
select is(
  (
    select private.order_line_item_ids(orders) from public.orders where tiktok_order_id = '4'
  ),
  array['u1'],
  'the other one is left to ship'
);
select is(
  tests.ingest('ada', '4', tests.at(2, jsonb_build_object(
    'order_items', tests.items('AWAITING_COLLECTION', 'CANCELLED')
  ))),
  'updated',
  'the rest goes on'
);
select is(tests.last_changes(), '{"order_items": "changed"}', 'the cancellation is reported once');
select is(
  tests.ingest('ada', '4', tests.at(3, jsonb_build_object(
    'order_items', tests.items('CANCELLED', 'CANCELLED'),
    'order_status', 'cancelled', 'tiktok_status', 'CANCELLED', 'payment_status', 'refunded',
    'cancelled_by', 'SELLER', 'cancel_reason', 'Out of stock'
  ))),
  'updated',
  'the whole order is cancelled'
);
select ok(
  tests.last_changes() @> '{"cancelled_by": "SELLER", "cancel_reason": "Out of stock"}'
    and not tests.last_changes() ? 'units_cancelled',
  'then the timeline has the reason of the order'
);

select * from finish();
rollback;
