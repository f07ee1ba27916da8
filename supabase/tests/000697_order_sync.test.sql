-- Orders found by a search.
begin;
\ir helpers.psql

select tests.sign_up('ada');
select tests.sign_up('bob');

-- Only the backend.
select tests.refused(who, 'select ' || call, who || ' cannot call ' || call)
from unnest(array['anon', 'ada']) as who
cross join unnest(array[
  'public.request_order_sync()',
  'public.expand_webhook_event(1, gen_random_uuid(), ''[]'')',
  'public.store_order_page(1, gen_random_uuid(), ''[]'', now(), ''end'')',
  'public.store_return_page(1, gen_random_uuid(), ''[]'', now(), ''end'')'
]) as call;

select tests.connect_shop('ada');
create function tests.page(event_id bigint, orders jsonb, next text)
returns text
language sql
as $$
  select concat_ws(' ', answer ->> 'outcome', answer ->> 'enqueued', answer ->> 'missed')
  from tests.call(format(
    'store_order_page(%L, %L, %L, ''2026-11-01Z'', %L)', event_id, tests.shop('ada'), orders, next
  )) as answer;
$$;
create function tests.return_page(event_id bigint, returns jsonb, next text, synced_until timestamptz default '2026-11-01Z')
returns text
language sql
as $$
  select concat_ws(' ', answer ->> 'outcome', answer ->> 'enqueued')
  from tests.call(format(
    'store_return_page(%L, %L, %L, %L, %L)', event_id, tests.shop('ada'), returns, synced_until, next
  )) as answer;
$$;
create function tests.tasks()
returns text
language sql
stable
as $$
  select coalesce(string_agg(concat_ws(' ', event_type, object_id, status), ', ' order by id), 'none')
  from private.webhook_events;
$$;
create function tests.sync_event()
returns bigint
language sql
stable
as $$
  select max(id) from private.webhook_events where event_type = 'SYNC_ORDERS';
$$;

-- A first sync of two pages.
select is(tests.call('request_order_sync()') ->> 'requested', '1', 'a sync is requested for the connected shop');
select is(tests.call('request_order_sync()') ->> 'requested', '0', 'but not while one is waiting');
select is(tests.call('request_order_sync(''404'')'), '"PT404"', 'nor for a shop that is not connected');
select is(
  tests.page(tests.sync_event(), '[{"order_id": "1", "update_time": 100}]', 'page'), 'stored 1 0',
  'a page enqueues its orders'
);
create function tests.found_due()
returns text
language sql
stable
as $$
  select string_agg(object_id || ' in ' || next_attempt_at - now(), ', ' order by id)
  from private.inbox_events where event_type = 'ORDER_FOUND';
$$;
select is(tests.found_due(), '1 in 00:10:00', 'which wait until the search is complete, or ten minutes');
select is(
  tests.page(tests.sync_event(), '[{"order_id": "1", "update_time": 100}, {"order_id": "2", "update_time": 1}]', 'returns'),
  'stored 1 0', 'the last page of orders; an order that is waiting is not enqueued again'
);
select is(tests.found_due(), '1 in 00:00:00, 2 in 00:00:00', 'now all are due');
select is(tests.return_page(tests.sync_event(), '[]', 'end'), 'synced 0', 'the last page of returns settles the event');
select is(
  tests.tasks(), 'SYNC_ORDERS done, ORDER_FOUND 1 pending, ORDER_FOUND 2 pending', 'each order has one task'
);
select is(tests.page(tests.sync_event(), '[]', 'returns'), 'settled 0 0', 'a settled sync stores no order');
select is(tests.return_page(tests.sync_event(), '[]', 'end'), 'settled 0', 'and no return');
select is(
  (select row(orders_synced_until, first_sync_done)::text from public.tiktok_shops where id = tests.shop('ada')),
  row('2026-11-01Z'::timestamptz, true)::text, 'the watermark has moved'
);

-- A later sync: its orders were missed by the webhooks, and a long one has a successor.
select tests.call('request_order_sync()');
select is(
  tests.page(tests.sync_event(), '[{"order_id": "3", "update_time": 200}]', 'later'), 'synced 1 1', 'a missed order'
);
select is(
  (select details from public.system_logs where event_type = 'orders_missed'),
  jsonb_build_object('shop_id', tests.shop_id('ada'), 'orders', 1), 'is logged'
);
select is(
  (select status from private.webhook_events where id = tests.sync_event()), 'pending', 'the successor is enqueued'
);

-- An order whose event has failed to the end.
create function tests.give_up(new_status text)
returns void
language sql
as $$
  update private.webhook_events
  set status = new_status, reason = 'attempts_exhausted', failing_since = now(), attempts = 10, settled_at = now()
  where event_type = 'ORDER_FOUND' and object_id = '3';
$$;
create function tests.found_again()
returns text
language plpgsql
as $$
declare
  answer text;
begin
  perform tests.call('request_order_sync()');
  answer := tests.page(tests.sync_event(), '[{"order_id": "3", "update_time": 200}]', 'returns');
  perform tests.return_page(tests.sync_event(), '[]', 'end');
  return answer || ', ' || (
    select string_agg(concat_ws(' ', status, attempts, failing_since), ', ')
    from private.webhook_events where event_type = 'ORDER_FOUND' and object_id = '3'
  );
end;
$$;
select is(tests.found_again(), 'stored 0 0, pending 0', 'an order that waits in the inbox is not enqueued again');
select tests.give_up('failing');
select is(tests.found_again(), 'stored 1 1, pending 0', 'a failing one is found again, with all its attempts');
select tests.give_up('dead');
select is(tests.found_again(), 'stored 1 1, pending 0', 'and so is a dead one');
select tests.give_up('dead');
select tests.add_order('ada', '3');
update public.orders set tiktok_updated_at = to_timestamp(200) where tiktok_order_id = '3';
select is(
  left(tests.found_again(), 21), 'stored 0 0, dead 10 2', 'but not if another event has stored its state meanwhile'
);

-- An order of a search whose time cannot be read.
select tests.call('request_order_sync()');
select is(
  tests.page(tests.sync_event(), '[{"order_id": "4", "update_time": null}, {"order_id": "5", "update_time": 300}]', 'page'),
  'stored 2 2', 'an odd order of a page is enqueued as the others are'
);

select tests.call('request_order_sync()');
select is(
  tests.page(tests.sync_event(), '[{"order_id": "3", "update_time": 9007199254740991}, {"order_id": "7", "update_time": 300}]', 'page'),
  'stored 2 2', 'or whose time is after the last one of Postgres'
);
delete from private.webhook_events where object_id = '7';

-- A held order, whose state its seller sees.
select tests.receive_event('ada', 'held');
update private.webhook_events set status = 'held', reason = 'order_limit', object_id = '9' where external_id = 'held';
select private.hold_order(
  tests.shop_id('ada'), '{"tiktok_order_id": "9", "tiktok_updated_at": "2026-11-01Z", "order_items": []}'
);
create function tests.found_held(update_time timestamptz)
returns text
language sql
as $$
  select tests.page(tests.sync_event(), format(
    '[{"order_id": "9", "update_time": %s}]', extract(epoch from update_time)::bigint
  )::jsonb, 'page');
$$;
select is(tests.found_held('2026-11-01Z'), 'stored 0 0', 'a held order is not read again');
select is(tests.found_held('2026-11-02Z'), 'stored 1 1', 'unless it has changed');
select is(tests.found_held('2026-11-02Z'), 'stored 0 0', 'once');
delete from private.webhook_events where object_id = '9';

-- Returns that were paid back.
create function tests.paid_back(return_id text, order_id text, update_time integer default 100)
returns jsonb
language sql
as $$
  select jsonb_build_array(jsonb_build_object(
    'return_id', return_id, 'order_id', order_id, 'update_time', update_time, 'notice', '{"return_id": "x"}'::jsonb
  ));
$$;
select is(
  tests.return_page(tests.sync_event(), tests.paid_back('r1', '3') || tests.paid_back('r2', 'unknown'), 'page'),
  'stored 2', 'a page enqueues its returns, also of an order that is not stored'
);
select results_eq(
  $$select object_id, body from private.webhook_events where event_type = 'RETURN_FOUND' order by object_id$$,
  $$values ('3', '{"notice": {"return_id": "x"}}'), ('unknown', '{"notice": {"return_id": "x"}}')$$, 'with their notices'
);
select is(tests.return_page(tests.sync_event(), tests.paid_back('r1', '3'), 'page'), 'stored 0', 'once');
select is(
  tests.return_page(tests.sync_event(), tests.paid_back('r1', '3', 200), 'page'), 'stored 1', 'and again once it changed'
);
insert into public.order_events (order_id, user_id, event_type, changes, happened_at)
select id, user_id, 'RETURN_STATUS_CHANGE', '{"refund_id": "return/r1"}', now()
from public.orders where tiktok_order_id = '3';
select is(
  tests.return_page(tests.sync_event(), tests.paid_back('r1', '3', 300), 'page'), 'stored 0',
  'but not while the timeline of its order has its refund'
);
create function tests.mark()
returns timestamptz
language sql
stable
as $$
  select returns_synced_until from public.tiktok_shops where id = tests.shop('ada');
$$;
select is(tests.mark(), '2026-11-01Z', 'the watermark of returns has moved');
select is(tests.return_page(tests.sync_event(), '[]', 'page', '2026-10-01Z'), 'stored 0', 'an earlier time');
select is(tests.mark(), '2026-11-01Z', 'does not move it');
select is(tests.return_page(tests.sync_event(), '[]', 'later', '2026-11-02Z'), 'synced 0', 'a long search of returns');
select is(
  (select status from private.webhook_events where id = tests.sync_event()), 'pending', 'has a successor'
);
delete from private.webhook_events where event_type = 'RETURN_FOUND';

-- An event that names several orders.
select tests.receive_event('ada', 'several');
create function tests.expand()
returns text
language sql
as $$
  select tests.call(format(
    'expand_webhook_event(%L, %L, ''[{"order_id": "7", "notice": {"a": 1}}, {"order_id": "8"}]'')',
    (select id from private.webhook_events where external_id = 'several'), tests.shop('ada')
  )) ->> 'outcome';
$$;
select is(tests.expand(), 'expanded', 'an event about two orders');
select results_eq(
  $$select event_type, object_id, body::jsonb from private.webhook_events where object_id in ('7', '8') order by id$$,
  $$values
    ('ORDER_STATUS_CHANGE', '7', '{"notice": {"a": 1}}'::jsonb), ('ORDER_STATUS_CHANGE', '8', '{"notice": {}}')$$,
  'becomes one event per order'
);
select is(tests.expand(), 'settled', 'once');

select * from finish();
rollback;
