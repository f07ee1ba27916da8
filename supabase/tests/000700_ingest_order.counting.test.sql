-- Which stored orders use a place of the plan, through all their states.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.connect_shop('ada');
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select private.count_orders(null, 0, 0)',
  'select private.give_back_order(null)',
  'select private.settle_reads_of_order(null, null)',
  'select private.was_cancelled_unpaid(null, null)',
  'select private.insert_or_hold_order(null, null, null)',
  'select private.settle_ingested(null, null, null, null, null, false)',
  'select private.settle_others_of_orders(null, null)',
  'select private.ingest_counted_last(null, 1, null, null, 0)',
  'select private.ingest_locked_order(null, null, null, null, null, null)',
  'select private.ingest_new_orders(null, null)',
  'select private.has_room_for_all(null, null)',
  'select private.ingest_new_of_batch(null, null)',
  'select private.ingest_batch_counted_first(null, null)',
  'select private.ingest_batch_counted_last(null, null, 0)',
  'select private.new_orders_of_batch(null, null, null)',
  'select private.limit_counted_last(null, null)',
  'select private.limit_of_order(null, null, null, null)',
  'select private.describe_new_order(null)',
  'select private.share_order_counts(null)',
  'select private.spare_places()',
  'select private.order_batch(null)',
  'select private.notice_of(null)',
  'select private.lock_stored_order(null, null)',
  'select private.lock_shop_of_orders(null)',
  'select private.limit_with_room(null, null)',
  'select private.has_held_orders(null)'
]) as statement;

create function tests.counted()
returns text
language sql
stable
as $$
  select coalesce(
    string_agg(format('%s and %s', orders, not_counted), ', ' order by month), 'nothing'
  )
  from private.monthly_order_counts where user_id = tests.id('ada');
$$;
comment on function tests.counted() is 'Orders that count and that do not, by month.';
create function tests.to_state(id text, order_status text, payment_status text, minute integer)
returns text
language sql
as $$
  select tests.ingest('ada', id, jsonb_build_object(
    'order_status', order_status,
    'payment_status', payment_status,
    'tiktok_created_at', '2026-11-01T00:00:00Z',
    'tiktok_updated_at', timestamptz '2026-11-01T00:00:00Z' + make_interval(mins => minute)
  ));
$$;
create function tests.counts(number text)
returns boolean
language sql
stable
as $$
  select counts_for_plan from public.orders where tiktok_order_id = number;
$$;
update public.plans set monthly_order_limit = 2 where name = 'trial';

-- Finished when the shop connected.
select is(tests.to_state(state || '1', state, paid, 0), 'inserted', state || ' is stored')
from (values ('completed', 'paid'), ('delivered', 'paid'), ('cancelled', 'refunded')) as states (state, paid);
select is(tests.counted(), '0 and 3', 'finished orders of before the connection use no place');
select is(tests.to_state('delivered1', 'completed', 'paid', 1), 'updated', 'such an order changes');
select is(tests.to_state('completed1', 'awaiting_shipment', 'paid', 1), 'updated', 'or seems to go back');
select is(tests.counted(), '0 and 3', 'and never counts later');
select is(tests.counts('completed1'), false, 'nor is it marked so');

-- Live ones, then finished.
select is(tests.to_state('live', 'awaiting_shipment', 'paid', 0), 'inserted', 'a live order is stored');
select is(tests.to_state('live', 'completed', 'paid', 1), 'updated', 'and completed');
select is(tests.counted(), '1 and 3', 'it has needed work, and counts');

-- Cancelled before payment: the place is given back, once.
select is(tests.to_state('unpaid', 'received', 'pending', 0), 'inserted', 'an unpaid order takes the last place');
select is(tests.to_state('next', 'awaiting_shipment', 'paid', 0), 'held', 'the next one is held');
select is(tests.to_state('gone', 'cancelled', 'cancelled', 0), 'inserted', 'one that was cancelled unpaid needs no place');
select is(tests.to_state('next unpaid', 'received', 'pending', 0), 'held', 'an unpaid one may be held');
select is(tests.to_state('next unpaid', 'cancelled', 'cancelled', 1), 'inserted', 'until it is cancelled unpaid');
select is(tests.counted(), '2 and 5', 'neither counts');
select is(tests.to_state('unpaid', 'cancelled', 'cancelled', 1), 'updated', 'the stored one is cancelled unpaid');
select is(tests.counted(), '1 and 6', 'its place is free');
select is(tests.counts('unpaid'), false, 'it counts no longer');
select is(tests.to_state('unpaid', 'cancelled', 'cancelled', 1), 'updated', 'the same state again');
select is(tests.to_state('unpaid', 'cancelled', 'refunded', 2), 'updated', 'a payment that shows later');
select is(tests.counted(), '1 and 6', 'change nothing');
select is(tests.to_state('next', 'awaiting_shipment', 'paid', 0), 'inserted', 'the held order has a place now');

-- Cancelled after payment, or when an order with cash on delivery had to be shipped.
update public.plans set monthly_order_limit = 9 where name = 'trial';
select is(tests.to_state('paid', 'on_hold', 'paid', 0), 'inserted', 'a paid order');
select is(tests.to_state('paid', 'cancelled', 'refunded', 1), 'updated', 'is cancelled');
select is(tests.to_state('cod', 'awaiting_shipment', 'pending', 0), 'inserted', 'cash on delivery');
select is(tests.to_state('cod', 'cancelled', 'cancelled', 1), 'updated', 'is cancelled');
select is(tests.counted(), '4 and 6', 'both needed work, and count');

-- In the month in which it was counted.
select is(tests.to_state('of last month', 'received', 'pending', 0), 'inserted', 'an order of the end of a month');
update public.orders set created_at = created_at - interval '1 month' where tiktok_order_id = 'of last month';
update private.monthly_order_counts set orders = orders - 1;
update private.monthly_shop_counts set orders = orders - 1;
insert into private.monthly_order_counts (user_id, month, orders)
values (tests.id('ada'), (private.current_month() - interval '1 month')::date, 5);
select is(tests.to_state('of last month', 'cancelled', 'cancelled', 1), 'updated', 'is cancelled unpaid after it');
select is(tests.counted(), '4 and 1, 4 and 6', 'that month gets its place back');
update private.monthly_order_counts set orders = 0;
update private.monthly_shop_counts set orders = 0;
select is(tests.to_state('lowered', 'received', 'pending', 0), 'inserted', 'an operator may lower the counter');
update private.monthly_order_counts set orders = 0;
update private.monthly_shop_counts set orders = 0;
select is(tests.to_state('lowered', 'cancelled', 'cancelled', 1), 'updated', 'then nothing is below zero');

-- The timeline of a new order has what a comparison with nothing would find.
insert into public.orders (
  user_id, tiktok_shop_id, tiktok_order_id, tiktok_status, order_status, currency, total_amount, shipping_address,
  address_status, order_items, tiktok_updated_at, combine_group_id, cancel_requested_at
)
select
  tests.id('ada'), tests.shop('ada'), 'described ' || status || length(units::text), 'X', status, 'USD', 1, '{}', 'none',
  units, now(), nullif(status, 'received'), case status when 'in_transit' then now() end
from unnest(array['received', 'in_transit', 'cancelled']) as status,
  unnest(array[
    '[]',
    '[{"cancelled_line_item_ids": ["1"], "units": [{"line_item_id": "1", "cancelled_by": "BUYER"}]}]'
  ]::jsonb[]) as units;
select is_empty(
  $$select from public.orders where private.describe_new_order(orders) <> private.describe_changes(null, orders, '{}')$$,
  'the short description of a new order is that of its changes'
);
delete from public.orders where tiktok_order_id like 'described %';

-- A platform's warehouse ships it.
update public.plans set monthly_order_limit = 1 where name = 'trial';
update private.monthly_order_counts set orders = 1;
create function tests.ship_from(id text, fulfillment_type text, minute integer)
returns text
language sql
as $$
  select tests.ingest('ada', id, jsonb_build_object(
    'fulfillment_type', fulfillment_type,
    'order_status', 'awaiting_shipment',
    'tiktok_updated_at', timestamptz '2026-11-01T00:00:00Z' + make_interval(mins => minute)
  ));
$$;
select is(tests.ship_from('own', 'FULFILLMENT_BY_SELLER', 0), 'held', 'an order that the seller ships waits for a place');
select is(tests.ship_from('platform', 'FULFILLMENT_BY_TIKTOK', 0), 'inserted', 'one that TikTok ships does not');
select is(tests.counts('platform'), false, 'it uses no place');
select is(
  (select string_agg(tiktok_order_id, ' ') from private.held_orders), 'own', 'it is not among those to ship'
);
select is(tests.ship_from('platform', 'FULFILLMENT_BY_TIKTOK', 1), 'updated', 'its later states are stored');
select is(tests.counts('platform'), false, 'and do not count either');
select is(tests.ship_from('own', 'FULFILLMENT_BY_TIKTOK', 1), 'inserted', 'a held order that moved to TikTok waits no longer');
select is_empty('select from private.held_orders', 'and is not held');
update private.monthly_order_counts set orders = 0;

-- Many at once: the most urgent gets the place, and a place that becomes free is used at once.
update public.plans set monthly_order_limit = 1 where name = 'trial';
create function tests.ingest_all(items jsonb)
returns text
language sql
as $$
  select concat_ws(
    ', ',
    (
      select string_agg(outcome ->> 'outcome', ' ' order by (outcome ->> 'event_id')::bigint)
      from jsonb_array_elements(answer -> 'outcomes') as outcome
    ),
    (answer ->> 'released') || ' released'
  )
  from tests.call(format('ingest_orders(%L, %L)', tests.shop('ada'), items)) as answer;
$$;
select is(
  tests.ingest_all(jsonb_build_array(
    tests.order_item('b1', '{"order_status": "received", "payment_status": "pending", "ship_by": "2026-01-01T00:00:00Z"}'),
    tests.order_item('b2', '{"ship_by": "no time"}'),
    tests.order_item('b3', '{"ship_by": "2026-12-03T00:00:00Z"}'),
    tests.order_item('b4', '{"ship_by": "2026-12-02T00:00:00Z"}'),
    tests.order_item('b5', '{"order_status": "completed", "tiktok_created_at": "2126-01-01T00:00:00Z"}')
  )),
  'held failed held inserted held, 0 released', 'the place goes to the order that has to be shipped first'
);
update public.plans set monthly_order_limit = 2 where name = 'trial';
select is(
  tests.ingest_all(jsonb_build_array(tests.order_item('b4', '{"order_status": "in_transit"}'))),
  'updated, 1 released', 'an update releases the next one when there is room'
);
select is(
  (select string_agg(object_id, ' ') from private.webhook_events where status = 'pending' and object_id ~ '^b'),
  'b3', 'the most urgent'
);

-- A failing or dead event whose order is stored later has nothing left to do.
insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body, status, reason)
select 'tiktok', 'dead ' || topic || id, topic, tests.shop_id('ada'), id, '{}', 'dead', 'attempts_exhausted'
from unnest(array['ORDER_STATUS_CHANGE', 'CANCELLATION_STATUS_CHANGE']) as topic, unnest(array['b4', 'other']) as id;
update private.webhook_events
set status = 'failing', failing_since = now()
where external_id like 'dead%' and object_id = 'b4';
select is(tests.ingest('ada', 'b4', '{"order_status": "delivered"}'), 'updated', 'an order of a failing event is read');
select set_eq(
  $$select external_id, status, reason from private.webhook_events where external_id like 'dead %'$$,
  $$values
    ('dead ORDER_STATUS_CHANGEb4', 'ignored', 'order_read_later'),
    ('dead ORDER_STATUS_CHANGEother', 'dead', 'attempts_exhausted'),
    ('dead CANCELLATION_STATUS_CHANGEb4', 'failing', 'attempts_exhausted'),
    ('dead CANCELLATION_STATUS_CHANGEother', 'dead', 'attempts_exhausted')$$,
  'its event, which still failed, is settled; one of another order, or with facts of its own, is not'
);

update private.webhook_events
set status = 'dead', reason = 'attempts_exhausted'
where external_id = 'dead ORDER_STATUS_CHANGEb4';
select is(tests.ingest('ada', 'b4', '{"order_status": "completed"}'), 'updated', 'an order of a dead event is read');
select is(
  (select status from private.webhook_events where external_id = 'dead ORDER_STATUS_CHANGEb4'), 'ignored',
  'a dead one is settled too'
);

select * from finish();
rollback;
