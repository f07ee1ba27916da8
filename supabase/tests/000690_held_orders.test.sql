-- Orders that wait for a place, and which one is next.
begin;
\ir helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob']) as nickname;
select tests.connect_shop(nickname) from unnest(array['ada', 'bob']) as nickname;

-- Privileges.
select tests.refused(who, statement, who || ' cannot: ' || statement)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'select * from private.held_orders',
  'select * from private.waiting_orders',
  'insert into private.held_orders (shop_id) values (''1'')',
  'update private.held_orders set ship_by = null',
  'delete from private.held_orders',
  'select private.hold_order(null, null)',
  'select private.end_hold(null, null)',
  'select private.counts_for_plan(null, null)',
  'select private.free_places(null)',
  'select private.free_shop_places(null)',
  'select private.undecided_orders(null)',
  'select private.has_place(null, null, 0)',
  'select public.release_held_events()'
]) as statement;

-- Which orders count.
create function tests.counts(order_status text, placed interval, payment_status text default 'paid')
returns boolean
language sql
as $$
  select private.counts_for_plan(
    shop,
    tests.order_json('1', jsonb_build_object(
      'order_status', order_status,
      'payment_status', payment_status,
      'tiktok_created_at', shop.connected_at + placed
    ))
  )
  from public.tiktok_shops as shop where id = tests.shop('ada');
$$;
select is(tests.counts(state, '-1 day'), expected, state || ' when the shop connects: ' || expected)
from (
  values
    ('received', true), ('on_hold', true), ('awaiting_shipment', true), ('partially_shipped', true),
    ('awaiting_collection', true), ('in_transit', true),
    ('delivered', false), ('completed', false), ('cancelled', false)
) as states (state, expected);
select is(tests.counts(state, '1 second'), true, state || ', placed after the connection: counts')
from unnest(array['delivered', 'completed', 'cancelled']) as state;
select is(tests.counts('cancelled', '1 second', 'cancelled'), false, 'cancelled before payment never counts');
select is(tests.counts('cancelled', '1 second', 'refunded'), true, 'cancelled after payment counts');
select is(
  (
    select private.counts_for_plan(
      shop, tests.order_json('1', jsonb_build_object('fulfillment_type', fulfillment_type))
    )
    from public.tiktok_shops as shop where id = tests.shop('ada')
  ),
  expected, coalesce(fulfillment_type, 'an unknown fulfillment') || ': ' || expected
)
from (
  values
    ('FULFILLMENT_BY_SELLER', true), (null, true),
    ('FULFILLMENT_BY_TIKTOK', false), ('FULFILLMENT_BY_DILAYANI_TOKOPEDIA', false)
) as types (fulfillment_type, expected);
select private.hold_order(tests.shop_id('ada'), tests.order_json('1'));
select is(tests.counts('completed', '-1 day'), true, 'finished while it was held: counts');
update private.held_orders set held_at = now() - interval '1 day';
select is(tests.counts('completed', '-1 day'), false, 'unless the shop was connected again since');
delete from private.held_orders;

-- Holding.
create function tests.queue(nickname text)
returns text
language sql
stable
as $$
  select string_agg(
    tiktok_order_id, ' ' order by urgency, ship_order, age_order, held_at, tiktok_order_id
  )
  from private.waiting_orders where user_id = tests.id(nickname);
$$;
update public.plans set monthly_order_limit = 1 where name = 'trial';
select is(tests.ingest('ada', 'first'), 'inserted', 'one place');
select is(tests.ingest('ada', id, changes::jsonb), 'held', id || ' is held')
from (
  values
    ('transit', '{"order_status": "in_transit", "ship_by": "2026-11-01T00:00:00Z"}'),
    ('old', '{"tiktok_created_at": "2026-11-01T00:00:00Z"}'),
    ('finished', '{"order_status": "completed", "tiktok_created_at": "2126-11-01T00:00:00Z"}'),
    ('young', '{"tiktok_created_at": "2026-11-02T00:00:00Z"}'),
    ('late', '{"ship_by": "2026-12-03T00:00:00Z"}'),
    ('soon', '{"ship_by": "2026-12-02T00:00:00Z", "tiktok_created_at": "2026-11-03T00:00:00Z"}'),
    ('unpaid', '{"order_status": "received", "payment_status": "pending"}')
) as orders (id, changes);
select is(
  tests.queue('ada'), 'soon late old young transit unpaid finished',
  'to ship before others before finished ones, by ship-by time, then by age'
);
select is(
  tests.ingest('ada', 'late', '{"ship_by": "2026-12-01T00:00:00Z", "tiktok_updated_at": "2026-11-02T00:00:00Z"}'),
  'held', 'a newer state of a held order'
);
select is(tests.queue('ada'), 'late soon old young transit unpaid finished', 'changes its place');
select is(
  tests.ingest('ada', 'late', '{"ship_by": "2026-12-09T00:00:00Z", "tiktok_updated_at": "2026-11-01T00:00:00Z"}'),
  'held', 'an older one'
);
select is(tests.queue('ada'), 'late soon old young transit unpaid finished', 'does not');

-- A place goes to the most urgent order.
update public.plans set monthly_order_limit = 3 where name = 'trial';
select is(tests.ingest('ada', 'new'), 'held', 'a new order takes no place from more urgent ones');
select is(
  tests.ingest('ada', 'urgent', '{"ship_by": "2026-11-30T00:00:00Z"}'), 'inserted', 'but the most urgent order takes one'
);
select is(public.release_held_events(tests.id('bob')), 0, 'another seller releases nothing');
select is(public.release_held_events(), 3, 'the next one is released with its three events');
select is(public.release_held_events(), 0, 'once');
select is(tests.ingest('ada', 'new'), 'held', 'its place is kept until it is read');
select is(tests.ingest('ada', 'soon'), 'held', 'against all that come after it');
select is(tests.ingest('ada', 'late'), 'inserted', 'it is stored');
select is_empty($$select from private.held_orders where tiktok_order_id = 'late'$$, 'and no longer held');

-- An order without an open event keeps no place.
update private.webhook_events set status = 'dead', reason = 'attempts_exhausted' where object_id = 'soon';
update public.plans set monthly_order_limit = 4 where name = 'trial';
select is(tests.queue('ada'), 'old young new transit unpaid finished', 'a dead event waits for nothing');
select is(tests.ingest('ada', 'old'), 'inserted', 'and stops no other');
select is(
  (select count(*) from private.webhook_events where object_id = 'old' and status = 'held'), 0::bigint,
  'the earlier events of a stored order are due as updates'
);
select is(tests.ingest('bob', 'of bob'), 'inserted', 'another seller has their own places');

-- What a search found and was not read yet may be more urgent.
delete from private.held_orders;
update public.plans set monthly_order_limit = 6 where name = 'trial';
insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body)
values ('creatorflow', 'found 1', 'ORDER_FOUND', tests.shop_id('ada'), 'found 1', '{}'),
  ('creatorflow', 'found 2', 'ORDER_FOUND', tests.shop_id('ada'), 'found 2', '{}');
select is(tests.ingest('ada', 'waits'), 'held', 'two places are kept for two found orders');
select is(public.release_held_events(), 0, 'until they are read');
create function tests.has_room(plan_limit integer)
returns boolean
language plpgsql
as $$
begin
  update public.plans set monthly_order_limit = plan_limit where name = 'trial';
  return (
    select private.limit_with_room(shop, array[0]) is not distinct from plan_limit
    from public.tiktok_shops as shop where id = tests.shop('ada')
  );
end;
$$;
comment on function tests.has_room(integer) is 'Whether ada''s plan has room for a new order, besides four that are stored, one that waits and two that were found.';
select is(array[tests.has_room(7), tests.has_room(8)], array[false, true], 'room for all, those that wait and were found included');
update public.plans set monthly_order_limit = 6 where name = 'trial';
update private.webhook_events set received_at = now() - interval '61 minutes' where external_id = 'found 1';
select is(tests.ingest('ada', 'waits'), 'inserted', 'but for an hour at most');

-- One call releases a part: all held events of a large shop take longer than a statement may.
update public.plans set monthly_order_limit = 1 where name = 'trial';
select is(
  tests.ingest('bob', id, jsonb_build_object('ship_by', '2026-12-0' || day || 'T00:00:00Z')), 'held', id || ' is held'
)
from (values ('third', 3), ('first', 1), ('second', 2)) as orders (id, day);
update public.plans set monthly_order_limit = 9 where name = 'trial';
create or replace function private.max_reopened_events() returns integer language sql immutable as 'select 2';
select is(public.release_held_events(tests.id('bob')), 2, 'as many as one call may');
select is(
  (select string_agg(object_id, ' ') from private.webhook_events where shop_id = tests.shop_id('bob') and status = 'held'),
  'third', 'the most urgent ones'
);
select is(public.release_held_events(tests.id('bob')), 1, 'the rest with the next call');

delete from public.tiktok_shops where id = tests.shop('ada');
select is_empty(
  format('select from private.held_orders where shop_id = %L', tests.shop_id('ada')), 'with a shop go its held orders'
);

select * from finish();
rollback;
