-- Held orders of a shop that another account had meanwhile.
begin;
\ir helpers.psql

select tests.sign_up(nickname) from unnest(array['ada', 'bob']) as nickname;
create function tests.move_shop(nickname text)
returns void
language sql
as $$
  update public.tiktok_shops
  set connection_status = 'disconnected', status_reason = 'by_seller', access_token = null, refresh_token = null
  where connection_status = 'active';
  select public.connect_tiktok_shops(tests.id(nickname), tests.shop_grant('ada'));
$$;
select tests.move_shop('ada');
select tests.add_order('ada', id) from unnest(array['1', '3']) as id;
select tests.move_shop('bob');

-- Changes of three orders find no place in the account of bob.
insert into private.webhook_events (source, external_id, event_type, shop_id, object_id, body, status, reason, settled_at)
select 'tiktok', 'change ' || id, 'ORDER_STATUS_CHANGE', tests.shop_id('ada'), id, '{}', 'held', 'order_limit', now()
from unnest(array['1', '2', '3']) as id;
select private.hold_order(tests.shop_id('ada'), tests.order_json(id)) from unnest(array['1', '2', '3']) as id;
create function tests.held()
returns text
language sql
stable
as $$
  select string_agg(concat_ws(' ', event.object_id, event.status, held.order_status), ', ' order by event.object_id)
  from private.webhook_events as event
  left join private.held_orders as held on held.shop_id = event.shop_id and held.tiktok_order_id = event.object_id
  where event.object_id is not null;
$$;
select is(
  tests.held(), '1 held awaiting_shipment, 2 held awaiting_shipment, 3 held awaiting_shipment',
  'orders that bob has no place for are held'
);
create or replace function private.max_reopened_events() returns integer language sql immutable as 'select 1';
select tests.move_shop('ada');
select is(
  tests.held(), '1 pending, 2 held awaiting_shipment, 3 held',
  'back with ada, the first change of an order that she has stored is due; an order that she lacks waits'
);
select tests.run_as('service_role', format('select public.reopen_shop_events(%s, %L)', id, tests.shop('ada')))
from private.webhook_events where event_type = 'REOPEN_EVENTS' and status = 'pending';
select is(tests.held(), '1 pending, 2 held awaiting_shipment, 3 pending', 'a task makes the next one due');
select is(
  tests.run_as('ada', 'select public.get_usage()')::jsonb -> 'held', '1', 'and her usage counts that one alone'
);

select * from finish();
rollback;
